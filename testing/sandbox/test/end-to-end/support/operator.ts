import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Emulator } from '@serverless-gitlab-runner/aws-emulator';
import { REPOSITORY_ROOT } from '@serverless-gitlab-runner/machine';

export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';

export interface ShellResult {
  code: number | null;
  /** stdout and stderr in the order of their arrival. */
  output: string;
  stdout: string;
}

/** An operator of the installation, with a shell in the repository, credentials and the AWS CLI. */
export class Operator {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #directory: string;

  private constructor(environment: NodeJS.ProcessEnv, directory: string) {
    this.#environment = environment;
    this.#directory = directory;
  }

  /** Creates an operator for whom the emulator is AWS. */
  static async of({ endpoint }: Emulator): Promise<Operator> {
    const directory = await mkdtemp(join(tmpdir(), 'operator-'));
    const double = fileURLToPath(new URL('aws-cli-double.mjs', import.meta.url));
    await writeFile(join(directory, 'aws'), `#!/bin/sh\nexec "${process.execPath}" "${double}" "$@"\n`);
    await chmod(join(directory, 'aws'), 0o755);
    const environment = {
      ...process.env,
      PATH: [directory, process.env.PATH].join(delimiter),
      AWS_ENDPOINT_URL: endpoint,
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      NX_DAEMON: 'false',
      NX_TUI: 'false',
      // The process that runs the tests may request colours; an operator's shell does not.
      CI: undefined,
      FORCE_COLOR: undefined,
    };
    return new Operator(environment, directory);
  }

  /** Runs a script in bash at the repository's root, with `input` on its standard input. */
  run(
    script: string,
    { input = '', onLine }: { input?: string; onLine?: (line: string) => void } = {},
  ): Promise<ShellResult> {
    return new Promise((resolve, reject) => {
      const child = spawn('bash', ['-c', script], {
        cwd: REPOSITORY_ROOT,
        env: this.#environment,
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      let output = '';
      let stdout = '';
      const collect = (chunk: Buffer) => {
        output += chunk.toString();
        for (const line of chunk.toString().split('\n')) if (line.trim() !== '') onLine?.(line);
      };
      child.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk.toString();
        collect(chunk);
      });
      child.stderr.on('data', collect);
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, output, stdout }));
      child.stdin.end(input);
    });
  }

  async leave(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** Returns the blocks of shell commands in a section of a README. */
export async function shellBlocks(readme: string, heading: string): Promise<string[]> {
  const text = await readFile(join(REPOSITORY_ROOT, readme), 'utf8');
  const from = text.indexOf(`\n## ${heading}\n`);
  if (from < 0) throw new Error(`${readme} has no section "${heading}"`);
  const section = text.slice(from + 1).split(/\n## /)[0] ?? '';
  return [...section.matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm)].map(([, block = '']) => block.trim());
}

/** Returns the matching commands on the lines of an output. A backslash at the end of a line continues a command. */
export function printedCommands(screen: string, pattern: RegExp): string[] {
  const joined = screen.replace(/ \\\n */g, ' ');
  return joined
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => pattern.test(line));
}
