import { createHmac, randomUUID } from 'node:crypto';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { GITLAB_VERSION } from '../instance.ts';
import type { Webhook, WebhookDelivery } from './webhook.ts';

/** GitLab's timeout for a response. */
const TIMEOUT_MS = 10_000;
/** Maximum characters of a response body to store. */
const RESPONSE_LIMIT = 8192;

/** Headers of a delivery, including a signature if the webhook has a signing token (standardwebhooks.com). */
export function deliveryHeaders(
  webhook: Webhook,
  delivery: {
    event: WebhookDelivery['event'];
    eventUuid: string;
    instanceUrl: string;
    body: string;
    at: Date;
  },
): Record<string, string> {
  const id = randomUUID();
  return {
    'Content-Type': 'application/json',
    'User-Agent': `GitLab/${GITLAB_VERSION}`,
    'Content-Length': `${Buffer.byteLength(delivery.body)}`,
    'Idempotency-Key': id,
    'X-Gitlab-Event': delivery.event,
    'X-Gitlab-Webhook-UUID': webhook.uuid,
    'X-Gitlab-Instance': delivery.instanceUrl,
    'X-Gitlab-Event-UUID': delivery.eventUuid,
    ...(webhook.token === null ? {} : { 'X-Gitlab-Token': webhook.token }),
    ...(webhook.signingToken === null ? {} : signature(webhook.signingToken, id, delivery)),
    ...webhook.customHeaders,
  };
}

function signature(
  token: string,
  id: string,
  { body, at }: { body: string; at: Date },
): Record<string, string> {
  const timestamp = `${Math.floor(at.getTime() / 1000)}`;
  const key = Buffer.from(token.replace(/^whsec_/, ''), 'base64');
  const digest = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${digest}` };
}

/**
 * Posts a body once, without following redirects. Uses node:http because fetch does not allow setting a `Host` header. Rejects if
 * the response does not complete within ten seconds.
 */
export function post(
  url: string,
  headers: Record<string, string>,
  body: string,
): Promise<{ status: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const send = url.startsWith('https:') ? requestHttps : requestHttp;
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const outgoing = send(url, { method: 'POST', headers, signal, agent: false }, async (incoming) => {
    try {
      const parts: Buffer[] = [];
      for await (const part of incoming) parts.push(Buffer.from(part));
      const text = Buffer.concat(parts).toString('utf8').slice(0, RESPONSE_LIMIT);
      resolve({ status: incoming.statusCode ?? 0, body: text });
    } catch (error) {
      reject(error);
    }
  });
  outgoing.on('error', reject);
  outgoing.end(body);
  return promise;
}
