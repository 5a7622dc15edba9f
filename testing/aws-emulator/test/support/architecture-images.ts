import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { loadImage, runCommand, tryCommand } from '@serverless-gitlab-runner/machine';

/** Architecture names of images. */
export type DockerArchitecture = 'amd64' | 'arm64';

const TYPE = 'application/vnd.docker';
const MANIFEST = `${TYPE}.distribution.manifest.v2+json`;
const LIST = `${TYPE}.distribution.manifest.list.v2+json`;

/** Creates a local image for an architecture with a single file `/program`, which no processor can run. */
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

/** The architecture of a local image; undefined if there is none. */
export async function architectureOf(name: string): Promise<string | undefined> {
  const result = await tryCommand('docker', ['image', 'inspect', '--format', '{{.Architecture}}', name]);
  return result.ok ? result.stdout.trim() : undefined;
}

export async function removeImages(names: readonly string[]): Promise<void> {
  await tryCommand('docker', ['image', 'rm', '--force', ...names]);
}

/** A registry with empty images on the loopback interface, where Docker requires no TLS. */
export interface EmptyImageRegistry {
  address: string;
  close(): void;
}

/**
 * Starts a registry of empty images.
 * @param tags by tag, a list of architectures for a manifest list, or one architecture for a single manifest
 */
export async function startEmptyImageRegistry(
  tags: Readonly<Record<string, DockerArchitecture | readonly DockerArchitecture[]>>,
): Promise<EmptyImageRegistry> {
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

/** Pulls an image for an architecture under its name. */
export async function pullFor(name: string, architecture: DockerArchitecture): Promise<void> {
  await runCommand('docker', ['pull', '--quiet', '--platform', `linux/${architecture}`, name]);
}
