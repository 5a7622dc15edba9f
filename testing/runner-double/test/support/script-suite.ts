import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { generateScript, type Stage } from '../../src/scripts/generate-script.ts';
import { contextIn } from './context.ts';

export const POSIX = '[runners.feature_flags]\nFF_POSIXLY_CORRECT_ESCAPES = true\n';

/** Each of these shells with the escapes that it can read: bash is the real runner's default, `sh` any POSIX shell (dash on Debian). */
export const SHELLS = [
  ['bash', 'shell = "bash"\n'],
  ['bash', `shell = "bash"\n${POSIX}`],
  ['sh', `shell = "sh"\n${POSIX}`],
] as const;

export type ScriptResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** For each test a directory, in which scripts are written and run by real shells. */
export class ScriptSuite {
  root = '';

  constructor() {
    beforeEach(async () => {
      this.root = await mkdtemp(join(tmpdir(), 'scripts-'));
    });
    afterEach(() => rm(this.root, { recursive: true, force: true }));
  }

  async run(shell: string, script: string): Promise<ScriptResult> {
    const file = join(this.root, 'script');
    await writeFile(file, script);
    return new Promise((resolve) => {
      const env = { PATH: process.env.PATH, HOME: this.root };
      execFile(shell, [file], { env }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
  }

  /** Generates a stage's script for a job and runs it. */
  async runStage(
    shell: string,
    stage: Stage,
    toml: string,
    extra: Record<string, unknown>,
  ): Promise<ScriptResult> {
    const script = generateScript(stage, contextIn(this.root, extra, toml));
    if (script === undefined) throw new Error(`${stage} has nothing to do`);
    return this.run(shell, script);
  }
}

/** A log without its colours. */
export function plain(text: string): string {
  return text.replaceAll('\u001b[32;1m', '').replaceAll('\u001b[0;m', '').replaceAll('\u001b[0;33m', '');
}
