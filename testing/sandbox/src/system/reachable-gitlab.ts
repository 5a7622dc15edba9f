import { connect, createServer, type Server } from 'node:net';

/** GitLab as managers and jobs access it. */
export interface ReachableGitLab {
  url: string;
  /** Set if containers cannot reach the repository URL that GitLab returns. */
  cloneUrl?: string;
  stop(): Promise<void>;
}

/**
 * Makes a GitLab on this host's loopback reachable from containers: forwards the same port of the network's gateway to it.
 * Any other address is used unchanged.
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
    // When one side ends or fails, the other is closed. There is no caller to report the error to.
    inbound.on('error', () => outbound.destroy()).on('close', () => outbound.destroy());
    outbound.on('error', () => inbound.destroy()).on('close', () => inbound.destroy());
    inbound.pipe(outbound).pipe(inbound);
  });
}

/** A GitLab that listens on all addresses already serves the gateway's: then nothing needs forwarding. */
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
