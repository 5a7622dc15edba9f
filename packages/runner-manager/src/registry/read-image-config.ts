import { createHash } from 'node:crypto';
import type { Architecture, ImageSource } from '@serverless-gitlab-runner/fleet';
import * as z from 'zod';
import { parseJson } from '../parse-json.ts';
import { askRegistry, type RegistryAnswer, type RegistryCaller, RegistryError } from './registry-request.ts';

/** The parts of an image's configuration that determine what it runs. */
export interface ImageConfig {
  /** Its ENTRYPOINT; empty if it has none. */
  entryPoint: readonly string[];
  /** Its CMD; empty if it has none. */
  command: readonly string[];
}

/** An image's configuration, and the digest of the manifest that its tag referred to, to notice when the tag moves. */
export interface ReadImage {
  config: ImageConfig;
  digest: string;
}

/** An image's configuration is unavailable, and the registry is not at fault. */
export class ImageUnavailableError extends Error {
  override readonly name = 'ImageUnavailableError';
  readonly kind: 'missing' | 'not-allowed' | 'wrong-architecture';
  constructor(kind: ImageUnavailableError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Names of architectures in images. */
const PLATFORM: Readonly<Record<Architecture, string>> = { X86_64: 'amd64', ARM64: 'arm64' };

/** Limits for texts from a registry, in characters, and for the arguments of an entry point. */
const MAX_CHARACTERS = 255;
const MAX_ARGUMENT_CHARACTERS = 4096;
const MAX_ARGUMENTS = 100;
/** Limit for a whole entry point or command. ECS allows 64 KiB for a task definition with all containers. */
const MAX_LIST_CHARACTERS = 16_384;

const shortText = z.string().max(MAX_CHARACTERS);
const digestSchema = z.string().regex(/^sha256:[a-f0-9]{64}$/);
const manifestSchema = z.object({ config: z.object({ digest: digestSchema }) });
const indexSchema = z.object({
  manifests: z
    .array(
      z.object({
        digest: shortText,
        platform: z.object({ os: shortText, architecture: shortText }).optional(),
      }),
    )
    .max(1000),
});
const argumentList = z
  .array(z.string().max(MAX_ARGUMENT_CHARACTERS))
  .max(MAX_ARGUMENTS)
  .refine((list) => list.join('').length <= MAX_LIST_CHARACTERS);
const configSchema = z.object({
  os: shortText.optional(),
  architecture: shortText.optional(),
  config: z.object({ Entrypoint: argumentList.nullish(), Cmd: argumentList.nullish() }).nullish(),
});

/**
 * Reads an image's configuration from its registry, with two or three small requests and without layers.
 * @throws {ImageUnavailableError} when the image does not exist, access is denied, or the architecture does not match
 * @throws {RegistryError} when the registry failed
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md
 */
export async function readImageConfig(
  source: ImageSource,
  architecture: Architecture,
  caller: RegistryCaller,
): Promise<ReadImage> {
  const first = await readManifest(source, source.reference, architecture, caller);
  const manifest =
    first.kind === 'index' ? await readManifest(source, first.manifest, architecture, caller) : first;
  if (manifest.kind === 'index') throw unknownFormat(source);
  const digest = manifest.config;
  const answer = await ask(source, `blobs/${digest}`, '*/*', caller);
  const config = configSchema.safeParse(parseJson(checked(source, answer, digest).toString('utf8')));
  if (!config.success)
    throw new RegistryError(
      `${source.registry} returned an invalid image configuration for ${source.repository}`,
    );
  const { os = 'linux', architecture: of = PLATFORM[architecture] } = config.data;
  if (os !== 'linux' || of !== PLATFORM[architecture]) throw wrongArchitecture(architecture, [`${os}/${of}`]);
  const { Entrypoint, Cmd } = config.data.config ?? {};
  return { config: { entryPoint: Entrypoint ?? [], command: Cmd ?? [] }, digest: first.digest };
}

/**
 * Reads the digest that a tag currently refers to, with a HEAD request, which registries that limit pulls (Docker Hub) do not
 * count.
 * @returns undefined if the registry sends none
 * @throws {RegistryError} when the request fails
 * @see https://docs.docker.com/docker-hub/usage/pulls/
 */
export async function readDigest(source: ImageSource, caller: RegistryCaller): Promise<string | undefined> {
  const path = `manifests/${source.reference}`;
  const answer = await askRegistry(source, path, MANIFEST_TYPES, caller, 'HEAD');
  return answer.status === 200 ? digestSchema.safeParse(answer.digest).data : undefined;
}

/** The few fields kept of a manifest. The rest may be large, and anyone who can push an image controls it. */
type Manifest = { digest: string } & (
  | { kind: 'index'; manifest: string }
  | { kind: 'image'; config: string }
);

async function readManifest(
  source: ImageSource,
  reference: string,
  architecture: Architecture,
  caller: RegistryCaller,
): Promise<Manifest> {
  const answer = await ask(source, `manifests/${reference}`, MANIFEST_TYPES, caller);
  const body = checked(source, answer, reference);
  const digest = digestOf(body);
  const document = parseJson(body.toString('utf8'));
  const index = indexSchema.safeParse(document);
  if (index.success) return { kind: 'index', digest, manifest: digestFor(source, index.data, architecture) };
  const image = manifestSchema.safeParse(document);
  if (!image.success) throw unknownFormat(source);
  return { kind: 'image', digest, config: image.data.config.digest };
}

function unknownFormat({ registry, repository }: ImageSource): RegistryError {
  return new RegistryError(`${registry} returned ${repository} in an unsupported manifest format`);
}

async function ask(
  source: ImageSource,
  path: string,
  accept: string,
  caller: RegistryCaller,
): Promise<RegistryAnswer> {
  const answer = await askRegistry(source, path, accept, caller);
  if (answer.status === 200) return answer;
  const detail = errorDetailOf(answer);
  const message = `${source.registry} answered ${answer.status}${detail ? ` (${detail})` : ''}`;
  if (answer.status === 404) throw new ImageUnavailableError('missing', message);
  if (answer.status === 401 || answer.status === 403) throw new ImageUnavailableError('not-allowed', message);
  throw new RegistryError(message);
}

function digestFor(
  { registry }: ImageSource,
  { manifests }: z.infer<typeof indexSchema>,
  architecture: Architecture,
): string {
  const platforms = manifests.flatMap(({ platform, digest }) => (platform ? [{ ...platform, digest }] : []));
  const found = platforms.find((each) => each.os === 'linux' && each.architecture === PLATFORM[architecture]);
  // Entries of the platform `unknown/unknown` are attestations, not images.
  const available = platforms
    .filter(({ os }) => os !== 'unknown')
    .map((each) => `${each.os}/${each.architecture}`);
  if (!found) throw wrongArchitecture(architecture, [...new Set(available)]);
  if (!digestSchema.safeParse(found.digest).success)
    throw new RegistryError(`${registry} refers to a manifest by the unsupported digest ${found.digest}`);
  return found.digest;
}

function wrongArchitecture(architecture: Architecture, available: readonly string[]): ImageUnavailableError {
  const list = available.length > 0 ? ` Available: ${available.slice(0, 10).join(', ')}.` : '';
  return new ImageUnavailableError('wrong-architecture', `It is not available for ${architecture}.${list}`);
}

/** Returns the answer's bytes, verified against the digest that was requested. A tag cannot be verified. */
function checked({ registry }: ImageSource, { body }: RegistryAnswer, reference: string): Buffer {
  if (!reference.startsWith('sha256:')) return body;
  if (digestOf(body) !== reference)
    throw new RegistryError(`${registry} answered with content that does not match ${reference}`);
  return body;
}

function digestOf(body: Buffer): string {
  return `sha256:${createHash('sha256').update(body).digest('hex')}`;
}

const errorsSchema = z.object({
  errors: z.array(z.object({ code: z.string(), message: z.string().optional() })).min(1),
});

/** Code and message of a registry's error answer. */
function errorDetailOf({ body }: RegistryAnswer): string {
  const parsed = errorsSchema.safeParse(parseJson(body.toString('utf8')));
  const [error] = parsed.data?.errors ?? [];
  return error ? `${error.code}${error.message ? `: ${error.message}` : ''}`.slice(0, 200) : '';
}
