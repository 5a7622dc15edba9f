import * as crypto from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { isAuthentic, provenSecret } from '../src/authenticate.ts';
import { readWebhookRequest } from '../src/webhook-request.ts';
import { functionUrlEvent, SIGNING_TOKEN, START, signed } from './support/receiver.ts';

vi.mock('node:crypto', async (original) => {
  const actual = await original<typeof crypto>();
  return { ...actual, timingSafeEqual: vi.fn(actual.timingSafeEqual) };
});
const comparisons = vi.mocked(crypto.timingSafeEqual);

const body = '{}';
const otherKey = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
const request = (headers: Record<string, string | undefined>) =>
  readWebhookRequest(functionUrlEvent(body, { headers: { 'x-gitlab-token': undefined, ...headers } }));
const bySignature = (headers: Record<string, string | undefined>) =>
  isAuthentic(request(headers), { tokens: [], signingTokens: [SIGNING_TOKEN] }, 'signature', START);
/** A valid signature for a given time. */
const signedAt = (timestamp: string) => ({
  'webhook-id': 'msg_1',
  'webhook-timestamp': timestamp,
  'webhook-signature': `v1,${crypto
    .createHmac('sha256', Buffer.from(SIGNING_TOKEN.slice('whsec_'.length), 'base64'))
    .update(`msg_1.${timestamp}.${body}`)
    .digest('base64')}`,
});

beforeEach(() => {
  comparisons.mockClear();
});

describe('a token', () => {
  it.each([
    ['s', ['s'], true],
    ['s', ['other', 's'], true],
    ['s', ['other'], false],
    ['', [''], false],
    [undefined, [''], false],
    ['s', [], false],
  ])('%j is accepted if it is one of %j: %s', (token, tokens, expected) => {
    const headers = { 'x-gitlab-token': token };
    expect(isAuthentic(request(headers), { tokens, signingTokens: [] }, 'token', START)).toBe(expected);
  });
});

describe('the time of a signature', () => {
  const seconds = START / 1000;

  it.each([
    [`${seconds}`, true],
    [`${seconds - 300}`, true],
    [`${seconds + 300}`, true],
    [`${seconds - 301}`, false],
    [`${seconds + 301}`, false],
    [`+${seconds}`, false],
    [`${seconds}.0`, false],
    [`${seconds / 1e9}e9`, false],
    ['now', false],
  ])('%s is whole seconds within five minutes of now: %s', (timestamp, expected) => {
    expect(bySignature(signedAt(timestamp))).toBe(expected);
  });
});

describe('the work for any proof', () => {
  it.each([
    ['a right signature', signed(body)],
    ['a wrong signature', signed(body, { key: otherKey })],
    ['an empty signature', { ...signed(body), 'webhook-signature': 'v1,' }],
    ['a signature of another version', { ...signed(body), 'webhook-signature': 'v2,x' }],
    ['no signature', { ...signed(body), 'webhook-signature': undefined }],
    ['no headers', {}],
  ])('is one comparison for each key: %s', (_title, headers) => {
    bySignature(headers);
    expect(comparisons).toHaveBeenCalledTimes(1);
  });

  it.each(['s', 'wrong', undefined])('is one comparison for each token: %s', (token) => {
    const secrets = { tokens: ['s', 'previous'], signingTokens: [] };
    isAuthentic(request({ 'x-gitlab-token': token }), secrets, 'token', START);
    expect(comparisons).toHaveBeenCalledTimes(2);
  });
});

describe('the secret that an authentic request proves', () => {
  const signature = signedAt(`${START / 1000}`);

  it.each([
    ['nothing is rotated', { 'x-gitlab-token': 'new' }, [], undefined],
    ['the token is the new one', { 'x-gitlab-token': 'new' }, ['old'], 'current'],
    ['the token is the old one', { 'x-gitlab-token': 'old' }, ['old'], 'previous'],
    ['the signature is of the new one', signature, [otherKey], 'current'],
    ['the signature is of the old one', signature, [SIGNING_TOKEN], 'previous'],
  ])('if %s', (_title, headers, previous, expected) => {
    const secrets = { tokens: ['new', 'old'], signingTokens: [SIGNING_TOKEN, otherKey], previous };
    expect(provenSecret(request(headers), secrets, 'either', START)).toBe(expected);
  });
});
