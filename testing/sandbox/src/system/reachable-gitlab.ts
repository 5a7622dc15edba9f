import { connect, createServer, type Server } from 'node:net';

/** GitLab as managers and jobs reach it. */
export interface ReachableGitLab {
  url: string;
  /** Set where the URL that GitLab gives for its repositories is not reached from containers. */
  cloneUrl?: string;
  stop(): Promise<void>;
}

/**
 * Makes a GitLab on this host's loopback reachable from containers: the same port of the network's gateway is passed
 * on to it. Any other address is taken as it is.
 * @param gatewayAddress this host's address on the sandbox's network
 */
export async function reachableGitLab(gitlabUrl: string, gatewayAddress: string): Promise<ReachableGitLab> {
  const url = new URL(gitlabUrl);
  if (!isLoopback(url.hostname)) return { url: withoutSlash(url), stop: async () => undefined };
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const forwarder = await listenUnlessServed(forwardTo(port), gatewayAddress, port);
  url.hostname = gatewayAddress;
  return { url: withoutSlash(url), cloneUrl: withoutSlash(url), stop: () => close(forwarder) };
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname);
}

function withoutSlash(url: URL): string {
  return url.href.replace(/\/$/, '');
}

function forwardTo(port: number): Server {
  return createServer((inbound) => {
    const outbound = connect(port, 'localhost');
    // Either side's end or error is the other's end; there is nobody to tell.
    inbound.on('error', () => outbound.destroy()).on('close', () => outbound.destroy());
    outbound.on('error', () => inbound.destroy()).on('close', () => inbound.destroy());
    inbound.pipe(outbound).pipe(inbound);
  });
}

/** A server that listens on all addresses has the gateway's too: then there is nothing to forward. */
function listenUnlessServed(server: Server, host: string, port: number): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(port, host, () => resolve(server));
  });
}

function close(server: Server | undefined): Promise<void> {
  return new Promise((resolve) => (server ? server.close(() => resolve()) : resolve()));
}
