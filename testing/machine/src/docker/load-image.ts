import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { runCommand } from '../run-command.ts';

export interface FolderImage {
  name: string;
  /** Root of the image's file system. */
  folder: string;
  /** As Docker names it, such as `linux/arm64`. */
  platform: string;
}

/**
 * Makes an image from a folder. `docker import --platform` would not do: older releases label the image with the host's
 * architecture.
 */
export async function loadImage({ name, folder, platform }: FolderImage): Promise<void> {
  const archive = await mkdtemp(join(tmpdir(), 'load-image-'));
  try {
    await runCommand('tar', ['-C', folder, '-cf', join(archive, 'layer.tar'), '.']);
    const digest = createHash('sha256');
    await pipeline(createReadStream(join(archive, 'layer.tar')), digest);
    const [os, architecture] = platform.split('/');
    const config = {
      os,
      architecture,
      created: new Date().toISOString(),
      config: { Cmd: ['bash'] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${digest.digest('hex')}`] },
    };
    const manifest = [{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }];
    await writeFile(join(archive, 'config.json'), JSON.stringify(config));
    await writeFile(join(archive, 'manifest.json'), JSON.stringify(manifest));
    const files = ['manifest.json', 'config.json', 'layer.tar'];
    await runCommand('tar', ['-C', archive, '-cf', join(archive, 'image.tar'), ...files]);
    await runCommand('docker', ['load', '--quiet', '--input', join(archive, 'image.tar')]);
  } finally {
    await rm(archive, { recursive: true, force: true });
  }
}
