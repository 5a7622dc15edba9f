import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Log } from '../progress.ts';
import { runCommand, tryCommand } from '../run-command.ts';
import { CA_BUNDLE_FILE, hostCaBundle } from './certificates.ts';
import { contentHash } from './content-hash.ts';

/** Label with the hash of an image's sources. */
export const CONTENT_HASH_LABEL = 'serverless-gitlab-runner.content-hash';

/** Docker takes the values from this process's environment and omits unset ones. */
const PROXY_VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];

export interface ImageBuild {
  /** Name and tag of the image. */
  name: string;
  /** Folder with the build context. */
  context: string;
  /** Path of the Dockerfile inside the context. Default: `Dockerfile`. */
  dockerfile?: string;
  /** Build arguments. A name that ends in `_IMAGE` refers to an image; when that image changes, this one is rebuilt. */
  buildArgs?: Readonly<Record<string, string>>;
  /** Files and folders copied into the context before the build, by their path in it (a bundle, a binary). */
  extraFiles?: Readonly<Record<string, string>>;
  /** As Docker names it, such as `linux/arm64`. One other than the machine's needs emulation. Default: the machine's. */
  platform?: string;
  /** Files and folders whose content determines whether a build is needed. Default: the context and the extra files. */
  contentHashInputs?: readonly string[];
  log: Log;
}

export interface ImageBuildResult {
  name: string;
  /** False if the image already existed with the same content. */
  built: boolean;
  seconds: number;
}

/**
 * Builds an image with the host's network and, if the host has one, its CA bundle in the context. Does nothing if the image
 * already exists with the same content.
 * @throws {CommandFailedError} with the end of Docker's output
 */
export async function buildImage(build: ImageBuild): Promise<ImageBuildResult> {
  const start = performance.now();
  const hash = await hashOf(build);
  const built = (await labelOf(build.name)) !== hash;
  if (built) await dockerBuild(build, hash);
  return { name: build.name, built, seconds: (performance.now() - start) / 1000 };
}

/** The Docker id of a local image, or undefined if it does not exist. */
export async function imageId(name: string): Promise<string | undefined> {
  const result = await tryCommand('docker', ['image', 'inspect', '--format', '{{.Id}}', name]);
  return result.ok ? result.stdout.trim() : undefined;
}

async function hashOf(build: ImageBuild): Promise<string> {
  const inputs = build.contentHashInputs ?? [build.context, ...Object.values(build.extraFiles ?? {})];
  const args = await Promise.all(
    Object.entries(build.buildArgs ?? {}).map(async ([name, value]) => {
      const id = name.endsWith('_IMAGE') ? await imageId(value) : undefined;
      return `${name}=${value} ${id ?? ''}`;
    }),
  );
  const platform = build.platform === undefined ? [] : [build.platform];
  return await contentHash(inputs, [build.dockerfile ?? 'Dockerfile', ...args.sort(), ...platform]);
}

async function labelOf(name: string): Promise<string | undefined> {
  const format = `{{ index .Config.Labels "${CONTENT_HASH_LABEL}" }}`;
  const result = await tryCommand('docker', ['image', 'inspect', '--format', format, name]);
  return result.ok ? result.stdout.trim() : undefined;
}

async function dockerBuild(build: ImageBuild, hash: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'image-'));
  try {
    await prepareContext(build, folder);
    build.log(`docker build ${build.name}`);
    await runCommand('docker', ['build', ...buildOptions(build, folder, hash), folder], {
      onLine: (line) => {
        if (/^Step \d+|^#\d+ \[/.test(line)) build.log(line);
      },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function prepareContext(build: ImageBuild, folder: string): Promise<void> {
  const filter = (source: string) => !['node_modules', '__pycache__', '.git'].includes(basename(source));
  await cp(build.context, folder, { recursive: true, filter });
  for (const [path, source] of Object.entries(build.extraFiles ?? {})) {
    await cp(source, join(folder, path), { recursive: true });
  }
  const bundle = hostCaBundle();
  if (bundle) await cp(bundle, join(folder, CA_BUNDLE_FILE), { dereference: true });
}

function buildOptions(build: ImageBuild, folder: string, hash: string): string[] {
  const args = Object.entries(build.buildArgs ?? {}).map(([name, value]) => `${name}=${value}`);
  return [
    ...['--force-rm', '--network', 'host', '--tag', build.name, '--label', `${CONTENT_HASH_LABEL}=${hash}`],
    ...['--file', join(folder, build.dockerfile ?? 'Dockerfile')],
    ...(build.platform === undefined ? [] : ['--platform', build.platform]),
    ...[...args, ...PROXY_VARIABLES].flatMap((arg) => ['--build-arg', arg]),
  ];
}
