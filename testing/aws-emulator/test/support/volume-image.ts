import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '@serverless-gitlab-runner/machine';
import { IMAGE } from './emulator-fixture.ts';

const DOCKERFILE = `FROM ${IMAGE}
RUN mkdir /agent \\
 && printf '#!/bin/sh\\necho agent runs\\n' > /agent/run \\
 && chmod 555 /agent/run && chmod 750 /agent && chown -R nobody /agent
VOLUME /agent
`;

/** Builds an image with a program in a VOLUME folder that is owned by the user `nobody`. */
export async function volumeImage(): Promise<{ name: string; remove: () => Promise<void> }> {
  const name = `emulator-test-volume-${process.pid}:local`;
  const folder = await mkdtemp(join(tmpdir(), 'volume-image-'));
  await writeFile(join(folder, 'Dockerfile'), DOCKERFILE);
  await runCommand('docker', ['build', '--tag', name, folder]);
  await rm(folder, { recursive: true });
  return {
    name,
    remove: async () => {
      await runCommand('docker', ['image', 'rm', '--force', name]);
    },
  };
}
