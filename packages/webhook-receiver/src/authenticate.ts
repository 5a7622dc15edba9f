import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { WebhookSettings } from '@serverless-gitlab-runner/fleet';
import type { WebhookRequest } from './webhook-request.ts';

/** The secrets of one fleet's webhook: the current one and, during a rotation, the previous one. */
export interface WebhookSecrets {
  /** Compared with `X-Gitlab-Token`. */
  tokens: readonly string[];
  /** `whsec_` and the key in base64. */
  signingTokens: readonly string[];
  /** Those among both that a rotation replaces. */
  previous: readonly string[];
}

/** Tolerance against replays, as in Standard Webhooks and GitLab. */
const TOLERANCE_MS = 5 * 60 * 1000;
/** A sender sends one signature for each key in rotation. Further signatures are ignored. */
const MAX_SIGNATURES = 8;
export const SIGNING_TOKEN_PREFIX = 'whsec_';

/**
 * Whether a request proves knowledge of one of the fleet's secrets. A missing proof and a wrong proof take the same path: every
 * secret is compared in constant time, with the presented value or with an empty one.
 * @param now milliseconds since 1970
 */
export function isAuthentic(
  request: WebhookRequest,
  secrets: Omit<WebhookSecrets, 'previous'>,
  accepts: WebhookSettings['webhook']['accepts'],
  now: number,
): boolean {
  const byToken = hasToken(request, secrets.tokens);
  const bySignature = hasSignature(request, secrets.signingTokens, now);
  return (accepts !== 'signature' && byToken) || (accepts !== 'token' && bySignature);
}

/** Which secret an authentic request proves, for the log; undefined unless a rotation is under way. */
export function provenSecret(
  request: WebhookRequest,
  { tokens, signingTokens, previous }: WebhookSecrets,
  accepts: WebhookSettings['webhook']['accepts'],
  now: number,
): 'current' | 'previous' | undefined {
  if (previous.length === 0) return undefined;
  const isCurrent = (secret: string) => !previous.includes(secret);
  const current = {
    tokens: tokens.filter(isCurrent),
    signingTokens: signingTokens.filter(isCurrent),
  };
  return isAuthentic(request, current, accepts, now) ? 'current' : 'previous';
}

function hasToken(request: WebhookRequest, tokens: readonly string[]): boolean {
  const presented = request.header('x-gitlab-token');
  // Stryker disable next-line StringLiteral: any replacement for a missing token is refused below
  const matches = tokens.map((token) => isEqual(presented ?? '', token));
  return Boolean(presented) && matches.includes(true);
}

/**
 * Checks the HMAC-SHA256 over `{webhook-id}.{webhook-timestamp}.{raw body}`; the header may hold several values `v1,<base64>`.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
function hasSignature(request: WebhookRequest, signingTokens: readonly string[], now: number): boolean {
  const id = request.header('webhook-id');
  const timestamp = request.header('webhook-timestamp');
  const presented = presentedSignatures(request.header('webhook-signature'));
  const matches = signingTokens.flatMap((signingToken) => {
    const expected = createHmac('sha256', keyOf(signingToken))
      .update(`${id}.${timestamp}.`)
      .update(request.body)
      .digest('base64');
    return presented.map((signature) => isEqual(signature, expected));
  });
  return Boolean(id) && isRecent(timestamp, now) && matches.includes(true);
}

function presentedSignatures(header: string | undefined): string[] {
  const values = String(header).split(' ').slice(0, MAX_SIGNATURES);
  const signatures = values
    .filter((value) => value.startsWith('v1,'))
    .map((value) => value.slice('v1,'.length));
  if (signatures.length > 0) return signatures;
  // An empty signature is compared too, so that a missing one takes as much work as a wrong one.
  // Stryker disable next-line StringLiteral: any other text is no valid signature either
  return [''];
}

function keyOf(signingToken: string): Buffer {
  return Buffer.from(signingToken.slice(SIGNING_TOKEN_PREFIX.length), 'base64');
}

function isRecent(timestamp: string | undefined, now: number): boolean {
  if (!timestamp?.match(/^\d{1,12}$/)) return false;
  return Math.abs(now - Number(timestamp) * 1000) <= TOLERANCE_MS;
}

/** Compares digests, which have equal length, so that the time taken reveals nothing about the texts. */
function isEqual(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
