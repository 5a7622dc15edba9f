import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { freePort } from './tls-front.ts';

/** What a job waits for until the test opens it: a port that answers. */
export class Gate {
  /** Lines of a job's script, for bash, that end once the gate is open. */
  readonly script: string;
  readonly #host: string;
  readonly #port: number;
  #server: Server | undefined;

  private constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
    this.script = `until (exec 3<>/dev/tcp/${host}/${port}) 2>/dev/null; do sleep 1; done`;
  }

  /** @param host address of this machine at which jobs reach it */
  static async at(host: string): Promise<Gate> {
    return new Gate(host, await freePort(host));
  }

  async open(): Promise<void> {
    this.#server ??= await listen(this.#host, this.#port);
  }

  async close(): Promise<void> {
    if (this.#server) await close(this.#server);
  }
}

async function listen(host: string, port: number): Promise<Server> {
  const server = createServer((socket) => socket.destroy()).listen(port, host);
  await once(server, 'listening');
  return server;
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
