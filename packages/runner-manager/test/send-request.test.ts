import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { sendRequest } from '../src/manager/send-request.ts';

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

it('returns status, type and body of the answer', async () => {
  const url = await serve((_request, response) => {
    response.writeHead(404, { 'content-type': 'application/json' }).end('{"ä":1}');
  });
  expect(await sendRequest(url)).toEqual({ status: 404, contentType: 'application/json', body: '{"ä":1}' });
});

it('rejects when the answer is not complete in time', async () => {
  const url = await serve((_request, response) => void response.writeHead(200).write('half'));
  await expect(sendRequest(url, { timeoutMs: 200 })).rejects.toThrow(/abort/);
});

it('rejects when the connection ends before the answer does', async () => {
  const url = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('half', () => response.destroy());
  });
  await expect(sendRequest(url)).rejects.toThrow();
});

it('rejects when nothing listens', async () => {
  await expect(sendRequest('http://127.0.0.1:1/')).rejects.toThrow(/ECONNREFUSED/);
});
