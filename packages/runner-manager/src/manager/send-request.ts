import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import { trusting } from '@serverless-gitlab-runner/aws/https';

export interface RequestOptions {
  /** Default GET. */
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** Milliseconds until the whole answer must have arrived. Default: no limit. */
  timeoutMs?: number;
  /** Certificates (PEM) that the server's may be signed by, besides public ones. No redirect is followed then. Default: none. */
  authorities?: string | undefined;
}

export interface Answer {
  status: number;
  /** Empty if the answer has none. */
  contentType: string;
  body: string;
}

/**
 * Sends an HTTP request while the manager starts. The first `fetch` of a process loads a second implementation of HTTP, which takes
 * a quarter of the CPU time of a manager's start. Redirects are left to `fetch`, because they are rare.
 * @throws when there is no complete answer
 */
export async function sendRequest(url: string, options: RequestOptions = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, timeoutMs, authorities } = options;
  const body = options.body ?? null;
  const signal = timeoutMs === undefined ? null : AbortSignal.timeout(timeoutMs);
  const answer = await sendOnce(url, { method, headers, body, signal, authorities });
  if (answer.status < 300 || answer.status >= 400 || authorities !== undefined) return answer;
  const response = await fetch(url, { method, headers, body, signal });
  const contentType = response.headers.get('content-type') ?? '';
  return { status: response.status, contentType, body: await response.text() };
}

interface SignalledRequest {
  method: string;
  headers: Readonly<Record<string, string>>;
  body: string | null;
  signal: AbortSignal | null;
  authorities: string | undefined;
}

function sendOnce(
  url: string,
  { method, headers: given, body, signal, authorities }: SignalledRequest,
): Promise<Answer> {
  // Otherwise Node.js would send the body of a DELETE without its length.
  const headers = body === null ? given : { ...given, 'content-length': Buffer.byteLength(body) };
  const send = new URL(url).protocol === 'https:' ? requestHttps : requestHttp;
  const trust = authorities === undefined ? {} : { ca: trusting(authorities) };
  const options = { method, headers, agent: false, ...trust, ...(signal && { signal }) };
  return new Promise((resolve, reject) => {
    const request = send(url, options, (response) => {
      const { statusCode = 0, headers: answered } = response;
      text(response).then(
        (content) =>
          resolve({ status: statusCode, contentType: answered['content-type'] ?? '', body: content }),
        reject,
      );
    });
    request.once('error', reject);
    request.end(body);
  });
}
