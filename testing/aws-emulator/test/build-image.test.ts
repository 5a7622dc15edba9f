import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BASE_IMAGE,
  buildImage,
  CommandFailedError,
  ensureBaseImage,
  imageId,
  runCommand,
} from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const name = `build-image-test-${process.pid}:local`;
const base = `build-image-test-base-${process.pid}:local`;

let context: string;
let extra: string;

beforeAll(async () => {
  await ensureBaseImage(() => undefined);
  context = await mkdtemp(join(tmpdir(), 'build-image-test-'));
  extra = join(context, '..', `build-image-test-extra-${process.pid}`);
  await writeFile(extra, 'one');
  await writeFile(
    join(context, 'Dockerfile'),
    `ARG THE_IMAGE=none\nFROM \${THE_IMAGE}\nCOPY bin/extra /extra\n`,
  );
  await runCommand('docker', ['tag', BASE_IMAGE, base]);
}, 180_000);

afterAll(async () => {
  await runCommand('docker', ['image', 'rm', '--force', name, base]);
  await rm(context, { recursive: true });
  await rm(extra);
});

async function build() {
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);
  const files = { extraFiles: { 'bin/extra': extra }, buildArgs: { THE_IMAGE: base } };
  return { ...(await buildImage({ name, context, ...files, log })), lines };
}

describe('buildImage', () => {
  it('builds once, and again only if a file or the base image changes', async () => {
    expect(await build()).toMatchObject({
      name,
      built: true,
      lines: expect.arrayContaining([`docker build ${name}`]),
    });
    const first = await imageId(name);
    expect(await build()).toMatchObject({ built: false, lines: [] });
    expect(await imageId(name)).toBe(first);

    await writeFile(extra, 'two');
    expect(await build()).toMatchObject({ built: true });
    expect(await runCommand('docker', ['run', '--rm', name, 'cat', '/extra'])).toBe('two');

    await changeBase();
    expect(await build()).toMatchObject({ built: true });
    expect(await build()).toMatchObject({ built: false });
  });

  it("fails with Docker's output", async () => {
    const failing = join(context, 'failing');
    await writeFile(failing, `FROM ${BASE_IMAGE}\nRUN echo because of this >&2; exit 3\n`);
    const attempt = buildImage({ name, context, dockerfile: 'failing', log: () => undefined });
    await expect(attempt).rejects.toThrow(CommandFailedError);
    await expect(attempt).rejects.toThrow('because of this');
    await rm(failing);
  });
});

/** Replaces the base image by another one. */
async function changeBase(): Promise<void> {
  const id = (await runCommand('docker', ['create', base, 'true'])).trim();
  await runCommand('docker', ['commit', '--change', 'ENV CHANGED=1', id, base]);
  await runCommand('docker', ['rm', id]);
}
