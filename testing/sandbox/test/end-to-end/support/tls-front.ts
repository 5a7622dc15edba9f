import { once } from 'node:events';
import { connect, createServer as createTcpServer } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { runCommand } from '@serverless-gitlab-runner/machine';

/** An authority with a certificate that it signed; PEM. */
export interface Authority {
  authority: string;
  certificate: string;
  key: string;
}

/**
 * Makes an authority and a certificate for an address of this machine.
 * @param image one that has openssl
 */
export async function createAuthority(image: string, name: string, address: string): Promise<Authority> {
  const key = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes';
  const script = [
    'cd /tmp && exec 2>/dev/null',
    `openssl req -x509 ${key} -keyout ca.key -out ca.crt -days 2 -subj '/CN=${name}' -addext basicConstraints=critical,CA:TRUE`,
    `openssl req ${key} -keyout server.key -out server.csr -subj /CN=gitlab`,
    `printf 'subjectAltName=IP:${address}' > extensions`,
    'openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out server.crt -days 2 -extfile extensions',
    'cat ca.crt && echo --- && cat server.crt && echo --- && cat server.key',
  ].join(' && ');
  const output = await runCommand('docker', ['run', '--rm', '--entrypoint', 'sh', image, '-c', script]);
  const [authority, certificate, serverKey] = output
    .split('---\n-----')
    .map((part, index) => `${index > 0 ? '-----' : ''}${part}`);
  if (!authority || !certificate || !serverKey) throw new Error('openssl made no certificates');
  return { authority, certificate, key: serverKey };
}

/** Ends TLS in front of a server on this machine. */
export class TlsFront {
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** @param port of the server behind it */
  static async start(host: string, port: number, { certificate, key }: Authority): Promise<TlsFront> {
    const server = createServer({ cert: certificate, key }, (socket) => {
      const behind = connect(port, host);
      // A side that breaks off takes the other with it.
      socket.on('error', () => behind.destroy());
      behind.on('error', () => socket.destroy());
      socket.pipe(behind).pipe(socket);
    });
    server.listen(0, host);
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('No port was free');
    return new TlsFront(server, address.port);
  }

  /** New connections get this certificate. */
  use({ certificate, key }: Authority): void {
    this.#server.setSecureContext({ cert: certificate, key });
  }

  stop(): void {
    this.#server.close();
  }
}

/** A port that nothing listens on. */
export async function freePort(host: string): Promise<number> {
  const server = createTcpServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No port was free');
  return address.port;
}
