import * as z from 'zod';
import { quoted } from '../bounded-text.ts';
import { messageOf } from '../errors.ts';
import { parseJson } from '../parse-json.ts';
import { parseChallenge } from './bearer-challenge.ts';
import { apiUrl, type ImageSource } from './image-source.ts';

/** A user name and a password, or a token in its place. */
export interface RegistryLogin {
  username: string;
  password: string;
}

/** Who asks a registry, and whom it may be sent to. */
export interface RegistryCaller {
  login: RegistryLogin | undefined;
  /** Origin of the fleet's GitLab: the one place that may give tokens without TLS, since job tokens go there anyway. */
  gitlabOrigin: string;
  signal: AbortSignal;
}

/** What a registry answered. */
export interface RegistryAnswer {
  status: number;
  contentType: string;
  /** Digest that the registry gives of what it answers, unchecked. */
  digest: string | undefined;
  body: Buffer;
}

/** A registry could not be asked, or answered what no registry answers. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
}

/** The largest answer that is read. Registries take larger ones, but whoever can push an image could fill the manager with them. */
const MAX_ANSWER_BYTES = 1024 * 1024;
const MAX_REDIRECTS = 5;

/**
 * Asks a registry for something below an image's repository, with a token where the registry wants one. Plain HTTP is
 * never spoken, and no login leaves the host that it is for.
 * @param path as `manifests/latest`
 * @throws {RegistryError}
 */
export async function askRegistry(
  source: ImageSource,
  path: string,
  accept: string,
  caller: RegistryCaller,
  method: 'GET' | 'HEAD' = 'GET',
): Promise<RegistryAnswer> {
  const url = `${apiUrl(source)}/${path}`;
  const first = await follow(url, { accept }, caller.signal, method);
  if (first.status !== 401) return readAnswer(first);
  await first.body?.cancel();
  // Another host's challenge, behind a redirect, is not answered with this registry's login.
  const isOwn = new URL(first.url).origin === new URL(url).origin;
  const authorization = isOwn && (await authorize(source, first.headers.get('www-authenticate'), caller));
  if (!authorization) {
    return { status: 401, contentType: '', digest: undefined, body: Buffer.alloc(0) };
  }
  return readAnswer(await follow(url, { accept, authorization }, caller.signal, method));
}

/** The header that answers a registry's challenge, or undefined where there is no login that could. */
async function authorize(
  { registry, repository }: ImageSource,
  header: string | null,
  { login, gitlabOrigin, signal }: RegistryCaller,
): Promise<string | undefined> {
  const challenge = parseChallenge(header);
  if (!challenge) throw new RegistryError(`${registry} asks for a kind of login that is not known here`);
  const basic = login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
  if (challenge.scheme === 'basic') return basic;
  const realm = URL.parse(challenge.realm);
  if (!realm || !(realm.protocol === 'https:' || realm.origin === gitlabOrigin))
    throw new RegistryError(
      `${registry} sends for a token to ${quoted(challenge.realm)}, which is no https URL`,
    );
  if (challenge.service !== undefined) realm.searchParams.set('service', challenge.service);
  realm.searchParams.set('scope', challenge.scope ?? `repository:${repository}:pull`);
  const headers = { accept: 'application/json', ...(basic ? { authorization: basic } : {}) };
  const answer = await readAnswer(await send(realm, headers, signal));
  if (answer.status === 401 || answer.status === 403) return undefined;
  const token = answer.status === 200 ? tokenOf(answer.body) : undefined;
  if (!token) throw new RegistryError(`${realm.host} gave no token for ${registry}: status ${answer.status}`);
  return `Bearer ${token}`;
}

/** Registries send for what is large to another host, which the login is not for. */
async function follow(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  method: 'GET' | 'HEAD',
): Promise<Response> {
  let at = new URL(url);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const { authorization, ...open } = headers;
    const isThere = at.origin === new URL(url).origin && authorization !== undefined;
    const response = await send(at, isThere ? { ...open, authorization } : open, signal, method);
    const location = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response;
    await response.body?.cancel();
    const next = URL.parse(location, at.href);
    if (next?.protocol !== 'https:')
      throw new RegistryError(`${at.host} sends to ${quoted(location)}, which is no https URL`);
    at = next;
  }
  throw new RegistryError(`${at.host} sends from place to place`);
}

async function send(
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  method: 'GET' | 'HEAD' = 'GET',
) {
  try {
    return await fetch(url, { method, headers, signal, redirect: 'manual' });
  } catch (error) {
    throw new RegistryError(`${url.host} could not be asked: ${causeOf(error)}`);
  }
}

/** What fetch says itself is only that it failed. */
function causeOf(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
}

async function readAnswer(response: Response): Promise<RegistryAnswer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const piece of response.body ?? []) {
      size += piece.length;
      if (size > MAX_ANSWER_BYTES) throw new RegistryError('it is larger than 1 MiB');
      pieces.push(piece);
    }
  } catch (error) {
    throw new RegistryError(`${new URL(response.url).host}'s answer could not be read: ${messageOf(error)}`);
  }
  const contentType = response.headers.get('content-type')?.split(';')[0]?.trim() ?? '';
  const digest = response.headers.get('docker-content-digest') ?? undefined;
  return { status: response.status, contentType, digest, body: Buffer.concat(pieces) };
}

/** Docker's registries say `token`, OAuth's servers `access_token`. */
const tokenSchema = z.object({ token: z.string().optional(), access_token: z.string().optional() });

function tokenOf(body: Buffer): string | undefined {
  const parsed = tokenSchema.safeParse(parseJson(body.toString('utf8')));
  return parsed.data?.token || parsed.data?.access_token || undefined;
}
