import { createHash } from 'node:crypto';
import type { Architecture } from '@serverless-gitlab-runner/fleet';
import * as z from 'zod';
import { parseJson } from '../parse-json.ts';
import type { ImageSource } from './image-source.ts';
import { askRegistry, type RegistryAnswer, type RegistryCaller, RegistryError } from './registry-request.ts';

/** What an image's configuration says of how it is run. */
export interface ImageConfig {
  /** Its ENTRYPOINT; empty where it has none. */
  entryPoint: readonly string[];
  /** Its CMD; empty where it has none. */
  command: readonly string[];
}

/** An image's configuration, and the digest of the manifest that its tag meant, by which one sees whether it still does. */
export interface ReadImage {
  config: ImageConfig;
  digest: string;
}

/** Why a registry does not tell an image's configuration, where that is not the registry's failure. */
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

/** As images name architectures. */
const PLATFORM: Readonly<Record<Architecture, string>> = { X86_64: 'amd64', ARM64: 'arm64' };

/** Longest text of a registry that is looked at, in characters; and how many arguments an entry point may have. */
const MOST_CHARACTERS = 255;
const MOST_ARGUMENT_CHARACTERS = 4096;
const MOST_ARGUMENTS = 100;
/** Of a whole entry point or command: a task definition of all containers has 64 KiB. */
const MOST_LIST_CHARACTERS = 16_384;

const shortText = z.string().max(MOST_CHARACTERS);
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
  .array(z.string().max(MOST_ARGUMENT_CHARACTERS))
  .max(MOST_ARGUMENTS)
  .refine((list) => list.join('').length <= MOST_LIST_CHARACTERS);
const configSchema = z.object({
  os: shortText.optional(),
  architecture: shortText.optional(),
  config: z.object({ Entrypoint: argumentList.nullish(), Cmd: argumentList.nullish() }).nullish(),
});

/**
 * Reads what an image's configuration says, from its registry: two or three small requests, no layer.
 * @throws {ImageUnavailableError} when the image is not there, not for this caller, or not for this architecture
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
    throw new RegistryError(`${source.registry} has no image configuration for ${source.repository}`);
  const { os = 'linux', architecture: of = PLATFORM[architecture] } = config.data;
  if (os !== 'linux' || of !== PLATFORM[architecture]) throw wrongArchitecture(architecture, [`${os}/${of}`]);
  const { Entrypoint, Cmd } = config.data.config ?? {};
  return { config: { entryPoint: Entrypoint ?? [], command: Cmd ?? [] }, digest: first.digest };
}

/**
 * The digest that a tag means now, by a HEAD request: registries that limit pulls (Docker Hub) do not count it.
 * @returns undefined where the registry does not say
 * @throws {RegistryError} when the registry could not be asked
 * @see https://docs.docker.com/docker-hub/usage/pulls/
 */
export async function readDigest(source: ImageSource, caller: RegistryCaller): Promise<string | undefined> {
  const path = `manifests/${source.reference}`;
  const answer = await askRegistry(source, path, MANIFEST_TYPES, caller, 'HEAD');
  return answer.status === 200 ? digestSchema.safeParse(answer.digest).data : undefined;
}

/** What is kept of a manifest: whoever can push an image can make the rest of it large. */
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
  return new RegistryError(`${registry} has ${repository} in a format that is not known here`);
}

async function ask(
  source: ImageSource,
  path: string,
  accept: string,
  caller: RegistryCaller,
): Promise<RegistryAnswer> {
  const answer = await askRegistry(source, path, accept, caller);
  if (answer.status === 200) return answer;
  const words = wordsOf(answer);
  const said = `${source.registry} answered ${answer.status}${words ? ` (${words})` : ''}`;
  if (answer.status === 404) throw new ImageUnavailableError('missing', said);
  if (answer.status === 401 || answer.status === 403) throw new ImageUnavailableError('not-allowed', said);
  throw new RegistryError(said);
}

function digestFor(
  { registry }: ImageSource,
  { manifests }: z.infer<typeof indexSchema>,
  architecture: Architecture,
): string {
  const platforms = manifests.flatMap(({ platform, digest }) => (platform ? [{ ...platform, digest }] : []));
  const found = platforms.find((each) => each.os === 'linux' && each.architecture === PLATFORM[architecture]);
  // What is said to be of no platform (`unknown/unknown`) holds attestations, no image.
  const there = platforms
    .filter(({ os }) => os !== 'unknown')
    .map((each) => `${each.os}/${each.architecture}`);
  if (!found) throw wrongArchitecture(architecture, [...new Set(there)]);
  if (!digestSchema.safeParse(found.digest).success)
    throw new RegistryError(`${registry} names a manifest by ${found.digest}, which is not known here`);
  return found.digest;
}

function wrongArchitecture(architecture: Architecture, there: readonly string[]): ImageUnavailableError {
  const what = there.length > 0 ? ` There is: ${there.slice(0, 10).join(', ')}.` : '';
  return new ImageUnavailableError('wrong-architecture', `It is not there for ${architecture}.${what}`);
}

/** The answer's bytes, which are those that its digest is of. A tag says nothing of them. */
function checked({ registry }: ImageSource, { body }: RegistryAnswer, reference: string): Buffer {
  if (!reference.startsWith('sha256:')) return body;
  if (digestOf(body) !== reference)
    throw new RegistryError(`${registry} answered other bytes than ${reference}`);
  return body;
}

function digestOf(body: Buffer): string {
  return `sha256:${createHash('sha256').update(body).digest('hex')}`;
}

const errorsSchema = z.object({
  errors: z.array(z.object({ code: z.string(), message: z.string().optional() })).min(1),
});

/** A registry's own words for a refusal. */
function wordsOf({ body }: RegistryAnswer): string {
  const parsed = errorsSchema.safeParse(parseJson(body.toString('utf8')));
  const [error] = parsed.data?.errors ?? [];
  return error ? `${error.code}${error.message ? `: ${error.message}` : ''}`.slice(0, 200) : '';
}
