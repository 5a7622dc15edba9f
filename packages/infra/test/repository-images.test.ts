import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { MissingImagePartError, stageRunnerImage } from '../src/constructs/repository-images.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

let parts: { dockerfile: string; executor: string };

beforeEach(() => {
  const root = temporaryDirectory();
  parts = { dockerfile: join(root, 'runner'), executor: join(root, 'executor') };
  for (const folder of ['runner', 'executor/hooks']) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(parts.dockerfile, 'Dockerfile'), 'FROM scratch\n');
});

describe("the manager image's build context", () => {
  it("contains the Dockerfile's folder and the build output", () => {
    mkdirSync(join(parts.executor, 'dist'));
    writeFileSync(join(parts.executor, 'dist/manager.cjs'), 'manager');
    const context = temporaryDirectory();
    stageRunnerImage(context, parts);
    expect(readdirSync(context).sort()).toEqual(['Dockerfile', 'dist', 'hooks']);
    expect(readFileSync(join(context, 'dist/manager.cjs'), 'utf8')).toBe('manager');
  });

  it('cannot be assembled before the manager is built, and the error names the command', () => {
    expect(existsSync(join(parts.executor, 'dist'))).toBe(false);
    const staging = () => stageRunnerImage(temporaryDirectory(), parts);
    expect(staging).toThrow(MissingImagePartError);
    expect(staging).toThrow('npx nx build runner-manager');
  });
});
