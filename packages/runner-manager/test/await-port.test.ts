import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { awaitPort } from '../src/job/start/await-port.ts';

const HOST = '127.0.0.1';
let server: Server | undefined;

afterEach(() => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())));

/** Listens on a port; 0: on a free one. @returns the port */
async function listen(port: number): Promise<number> {
  const opened = createServer((socket) => socket.resume());
  server = opened;
  await new Promise<void>((resolve) => opened.listen(port, HOST, resolve));
  const address = opened.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A port on which nothing listens. */
async function freePort(): Promise<number> {
  const port = await listen(0);
  await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  server = undefined;
  return port;
}

describe('waiting for a port', () => {
  it('ends when a program listens on it', async () => {
    const port = await freePort();
    let isOpen = false;
    const waiting = awaitPort(HOST, port, AbortSignal.timeout(10_000)).then(() => isOpen);
    isOpen = true;
    await listen(port);
    await expect(waiting).resolves.toBe(true);
  });

  it('leaves no connection open', async () => {
    const port = await listen(0);
    await awaitPort(HOST, port, new AbortController().signal);
    await expect
      .poll(() => new Promise((resolve) => server?.getConnections((_, count) => resolve(count))))
      .toBe(0);
  });

  it.each([
    ['while it is refused', async () => freePort()],
    ['before it begins', async () => listen(0)],
  ])('is given up %s, with the reason of its signal', async (title, portOf) => {
    const port = await portOf();
    const abort = new AbortController();
    if (title === 'before it begins') abort.abort(new Error('canceled'));
    const waiting = expect(awaitPort(HOST, port, abort.signal)).rejects.toThrow('canceled');
    abort.abort(new Error('canceled'));
    await waiting;
  });
});
