import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Dialect } from '../src/call.ts';
import { readBody } from '../src/forward.ts';
import { awsDialect, type Call, type FaultProxy, gitlabDialect, startFaultProxy } from '../src/index.ts';
import type { Outcome } from '../src/proxy.ts';

export interface Received {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

type Handler = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

/** A proxy in front of a small server. Both stop at the end of the test. */
export interface ProxyFixture {
  proxy: FaultProxy;
  /** Requests that reached the server, in order. */
  received: Received[];
  /** Calls that the proxy reported. */
  calls: { call: Call; outcome: Outcome }[];
}

const answerOk: Handler = (request, response) => {
  response.setHeader('x-served', request.url ?? '');
  response.end('served');
};

export async function startProxyFixture(
  handler: Handler = answerOk,
  dialect: Dialect = gitlabDialect,
): Promise<ProxyFixture> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const body = await readBody(request);
    const { method = '', url = '', headers } = request;
    received.push({ method, url, headers, body });
    handler(request, response, body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const calls: ProxyFixture['calls'] = [];
  const onCall = (call: Call, outcome: Outcome) => calls.push({ call, outcome });
  const proxy = await startFaultProxy({ host: '127.0.0.1', dialect, onCall });
  proxy.forwardTo(`http://127.0.0.1:${port}`);
  onTestFinished(async () => {
    await proxy.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { proxy, received, calls };
}

export const testAwsDialect = awsDialect((key) => (key === 'ASIAMANAGER' ? 'manager' : undefined));

/** Headers of a signed call in the SDK's format. */
export function signed(service: string, target?: string, accessKey = 'ASIAMANAGER'): Record<string, string> {
  return {
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKey}/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=00`,
    'content-type': 'application/x-amz-json-1.1',
    ...(target === undefined ? {} : { 'x-amz-target': target }),
  };
}
