import { type FleetConfig, type ImageSource, imageSource, isByDigest } from '@serverless-gitlab-runner/fleet';
import type { EcrLogin } from '../registry/ecr-login.ts';
import { readDigest } from '../registry/read-image-config.ts';
import { RegistryError } from '../registry/registry-request.ts';
import { imagesOf, type JobTaskShape } from '../task/task-shape.ts';

/** Digests that tags currently refer to, by image. Images by digest are not among them. */
export type ImageDigests = ReadonlyMap<string, string>;

/** Reads what the tags of a task's images currently refer to. @throws {RegistryError} */
export type ReadImageDigests = (shape: JobTaskShape) => Promise<ImageDigests>;

/** Claims wait for it, and a new task is started if it takes longer. */
const TIMEOUT_MS = 5000;

export interface ImageDigestOptions {
  fleet: Pick<FleetConfig, 'gitlabUrl' | 'ahead'>;
  /** The manager's own login to Amazon ECR. */
  ecrLogin: EcrLogin;
  /** Default: a HEAD request to the registry. */
  read?: typeof readDigest;
}

/** Without a cache: a job that ran a second ago may have moved the tag. */
export function createReadImageDigests(options: ImageDigestOptions): ReadImageDigests {
  const { fleet, ecrLogin, read = readDigest } = options;
  const gitlabOrigin = new URL(fleet.gitlabUrl).origin;
  const digestOf = async (source: ImageSource) => {
    const caller = {
      login: await ecrLogin(source.registry),
      gitlabOrigin,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    };
    const digest = await read(source, caller);
    if (digest === undefined) throw new RegistryError(`${source.registry} returned no digest`);
    return digest;
  };
  return async (shape) => {
    if (fleet.ahead.tagsAreFixed) return new Map();
    const moving = imagesOf(shape).filter((image) => !isByDigest(imageSource(image)));
    return new Map(
      await Promise.all(
        moving.map(async (image): Promise<[string, string]> => [image, await digestOf(imageSource(image))]),
      ),
    );
  };
}

/** The first image whose tag has moved between two readings. */
export function movedImage(before: ImageDigests, after: ImageDigests): string | undefined {
  return [...before].find(([image, digest]) => after.get(image) !== digest)?.[0];
}
