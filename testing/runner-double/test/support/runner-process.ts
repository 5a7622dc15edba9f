import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** Runs the program as a separate process, with a configuration file in `directory`. */
export class RunnerProcess {
  readonly #child: ChildProcess;
  readonly exited: Promise<number | null>;
  readonly configFile: string;
  log = '';

  constructor(directory: string, toml: string, environment: Record<string, string> = {}) {
    const file = join(directory, 'config.toml');
    this.configFile = file;
    writeFileSync(file, toml);
    this.#child = spawn(process.execPath, [MAIN, 'run', '--config', file, '--working-directory', directory], {
      env: { PATH: process.env.PATH ?? '', HOME: directory, ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child.stderr?.on('data', (data: Buffer) => {
      this.log += data.toString('utf8');
    });
    this.exited = new Promise((resolve) => this.#child.once('exit', (code) => resolve(code)));
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }
}
