import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { loadImage, runCommand, tryCommand } from '@serverless-gitlab-runner/machine';

/** Architectures as images name them. */
export type DockerArchitecture = 'amd64' | 'arm64';

const TYPE = 'application/vnd.docker';
const MANIFEST = `${TYPE}.distribution.manifest.v2+json`;
const LIST = `${TYPE}.distribution.manifest.list.v2+json`;

/** A local image for an architecture with one file in it, `/program`, which is for no processor there is. */
export async function localImage(name: string, architecture: DockerArchitecture): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'architecture-image-'));
  const program = Buffer.alloc(64);
  // An ELF header (64 bits, little endian, executable) whose machine is unassigned.
  program.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  program.writeUInt16LE(2, 16);
  program.writeUInt16LE(0xfff0, 18);
  await writeFile(join(folder, 'program'), program);
  await chmod(join(folder, 'program'), 0o755);
  await loadImage({ name, folder, platform: `linux/${architecture}` });
  await rm(folder, { recursive: true });
}

/** The architecture of the local image of a name; undefined when there is none. */
export async function architectureOf(name: string): Promise<string | undefined> {
  const result = await tryCommand('docker', ['image', 'inspect', '--format', '{{.Architecture}}', name]);
  return result.ok ? result.stdout.trim() : undefined;
}

export async function removeImages(names: readonly string[]): Promise<void> {
  await tryCommand('docker', ['image', 'rm', '--force', ...names]);
}

/** A registry on this machine's loopback, where Docker asks for no TLS, with empty images by tag. */
export interface SmallRegistry {
  address: string;
  close(): void;
}

/**
 * Serves images that have nothing in them.
 * @param tags a list of architectures, as a manifest list, or one, as a manifest alone
 */
export async function startSmallRegistry(
  tags: Readonly<Record<string, DockerArchitecture | readonly DockerArchitecture[]>>,
): Promise<SmallRegistry> {
  const contents = new Map<string, { type: string; body: Buffer }>();
  const add = (type: string, content: Buffer | object, tag?: string) => {
    const body = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
    for (const reference of [digest, tag]) if (reference) contents.set(reference, { type, body });
    return { mediaType: type, digest, size: body.length };
  };
  const manifest = (architecture: DockerArchitecture, tag?: string) => {
    const files = Buffer.alloc(1024);
    const layers = [add(`${TYPE}.image.rootfs.diff.tar.gzip`, gzipSync(files))];
    const diffId = `sha256:${createHash('sha256').update(files).digest('hex')}`;
    const rootfs = { type: 'layers', diff_ids: [diffId] };
    const config = add(`${TYPE}.container.image.v1+json`, { os: 'linux', architecture, config: {}, rootfs });
    return add(MANIFEST, { schemaVersion: 2, mediaType: MANIFEST, config, layers }, tag);
  };
  for (const [tag, architectures] of Object.entries(tags)) {
    if (typeof architectures === 'string') manifest(architectures, tag);
    else {
      const manifests = architectures.map((architecture) => ({
        ...manifest(architecture),
        platform: { os: 'linux', architecture },
      }));
      add(LIST, { schemaVersion: 2, mediaType: LIST, manifests }, tag);
    }
  }
  const server = createServer((request, response) => {
    const found = contents.get(request.url?.split('/').at(-1) ?? '');
    if (found) response.setHeader('content-type', found.type).setHeader('content-length', found.body.length);
    response.statusCode = found || request.url === '/v2/' ? 200 : 404;
    response.end(request.method === 'HEAD' ? undefined : found?.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port }: Pick<AddressInfo, 'port'> = addressOf(server.address());
  return { address: `127.0.0.1:${port}`, close: () => void server.close() };
}

function addressOf(address: string | AddressInfo | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('the registry has no port');
  return address;
}

/** Makes the local image of a name the one for an architecture, as a pull would. */
export async function pullFor(name: string, architecture: DockerArchitecture): Promise<void> {
  await runCommand('docker', ['pull', '--quiet', '--platform', `linux/${architecture}`, name]);
}
