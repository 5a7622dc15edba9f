import type { ImageSource } from '@serverless-gitlab-runner/fleet';
import * as z from 'zod';
import { quoted } from '../bounded-text.ts';
import { messageOf } from '../errors.ts';
import { parseJson } from '../parse-json.ts';
import { apiUrl } from './api-url.ts';
import { parseChallenge } from './bearer-challenge.ts';

/** A user name with a password or token. */
export interface RegistryLogin {
  username: string;
  password: string;
}

/** Credentials and limits for requests to a registry. */
export interface RegistryCaller {
  login: RegistryLogin | undefined;
  /** Origin of the fleet's GitLab: the only token server allowed without TLS, since job tokens are sent there anyway. */
  gitlabOrigin: string;
  signal: AbortSignal;
}

/** A registry's answer. */
export interface RegistryAnswer {
  status: number;
  contentType: string;
  /** Digest of the content according to the registry, unchecked. */
  digest: string | undefined;
  body: Buffer;
}

/** A registry could not be reached or answered in an unexpected way. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
}

/** Maximum size of an answer. Registries allow more, but anyone who can push an image could fill the manager's memory. */
const MAX_ANSWER_BYTES = 1024 * 1024;
const MAX_REDIRECTS = 5;

/**
 * Requests a path below an image's repository, with a token if the registry requires one. Never uses plain HTTP, and sends no
 * login to another host than the one it is for.
 * @param path for example `manifests/latest`
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
  // A challenge of another host, after a redirect, is not answered with this registry's login.
  const isOwn = new URL(first.url).origin === new URL(url).origin;
  const authorization = isOwn && (await authorize(source, first.headers.get('www-authenticate'), caller));
  if (!authorization) {
    return { status: 401, contentType: '', digest: undefined, body: Buffer.alloc(0) };
  }
  return readAnswer(await follow(url, { accept, authorization }, caller.signal, method));
}

/** The header that answers a registry's challenge; undefined if no login is available or accepted. */
async function authorize(
  { registry, repository }: ImageSource,
  header: string | null,
  { login, gitlabOrigin, signal }: RegistryCaller,
): Promise<string | undefined> {
  const challenge = parseChallenge(header);
  if (!challenge) throw new RegistryError(`${registry} requires an unsupported kind of authentication`);
  const basic = login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
  if (challenge.scheme === 'basic') return basic;
  const realm = URL.parse(challenge.realm);
  if (!realm || !(realm.protocol === 'https:' || realm.origin === gitlabOrigin))
    throw new RegistryError(
      `${registry} names ${quoted(challenge.realm)} as its token server, which is not an https URL`,
    );
  if (challenge.service !== undefined) realm.searchParams.set('service', challenge.service);
  realm.searchParams.set('scope', challenge.scope ?? `repository:${repository}:pull`);
  const headers = { accept: 'application/json', ...(basic ? { authorization: basic } : {}) };
  const answer = await readAnswer(await send(realm, headers, signal));
  if (answer.status === 401 || answer.status === 403) return undefined;
  const token = answer.status === 200 ? tokenOf(answer.body) : undefined;
  if (!token)
    throw new RegistryError(`${realm.host} returned no token for ${registry}: status ${answer.status}`);
  return `Bearer ${token}`;
}

/** Follows redirects. Registries redirect large content to another host, which must not get the login. */
async function follow(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  method: 'GET' | 'HEAD',
): Promise<Response> {
  let at = new URL(url);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const { authorization, ...open } = headers;
    const isAuthorized = at.origin === new URL(url).origin && authorization !== undefined;
    const response = await send(at, isAuthorized ? { ...open, authorization } : open, signal, method);
    const location = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response;
    await response.body?.cancel();
    const next = URL.parse(location, at.href);
    if (next?.protocol !== 'https:')
      throw new RegistryError(`${at.host} redirects to ${quoted(location)}, which is not an https URL`);
    at = next;
  }
  throw new RegistryError(`${at.host} redirects more than ${MAX_REDIRECTS} times`);
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
    throw new RegistryError(`the request to ${url.host} failed: ${causeOf(error)}`);
  }
}

/** fetch's own message is only "fetch failed"; the reason is in its cause. */
function causeOf(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
}

async function readAnswer(response: Response): Promise<RegistryAnswer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const piece of response.body ?? []) {
      size += piece.length;
      if (size > MAX_ANSWER_BYTES) throw new RegistryError('larger than 1 MiB');
      pieces.push(piece);
    }
  } catch (error) {
    throw new RegistryError(`${new URL(response.url).host}'s answer could not be read: ${messageOf(error)}`);
  }
  const contentType = response.headers.get('content-type')?.split(';')[0]?.trim() ?? '';
  const digest = response.headers.get('docker-content-digest') ?? undefined;
  return { status: response.status, contentType, digest, body: Buffer.concat(pieces) };
}

/** Docker registries name the field `token`, OAuth servers `access_token`. */
const tokenSchema = z.object({ token: z.string().optional(), access_token: z.string().optional() });

function tokenOf(body: Buffer): string | undefined {
  const parsed = tokenSchema.safeParse(parseJson(body.toString('utf8')));
  return parsed.data?.token || parsed.data?.access_token || undefined;
}
