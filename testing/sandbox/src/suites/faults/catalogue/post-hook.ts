import { createHmac, randomUUID } from 'node:crypto';

/** Posts a Job Hook as GitLab does. Returns the status of the answer. */
export async function postHook(url: string, body: string, headers: Record<string, string>): Promise<number> {
  const answer = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', 'x-gitlab-event': 'Job Hook', ...headers },
  });
  await answer.arrayBuffer();
  return answer.status;
}

export function tokenHeaders(secret: string): Record<string, string> {
  return { 'x-gitlab-token': secret, 'idempotency-key': randomUUID() };
}

/**
 * Headers with a signature from a clock that is off by `clockOffMs` milliseconds.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signedHeaders(
  signingToken: string,
  body: string,
  clockOffMs: number,
): Record<string, string> {
  const id = randomUUID();
  const timestamp = String(Math.floor((Date.now() + clockOffMs) / 1000));
  const key = Buffer.from(signingToken.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}

/** Returns the event with all of its times shifted. */
export function shiftedTimes(body: string, ms: number): string {
  const shift = (time: string) => new Date(Date.parse(time) + ms).toISOString();
  return body
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, shift)
    .replace(/(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC/g, (_, date: string, time: string) => {
      const iso = shift(`${date}T${time}Z`);
      return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
    });
}
