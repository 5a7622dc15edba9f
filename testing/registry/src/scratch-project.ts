import { cp, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { NODE_BINARY, REPOSITORY_ROOT, runCommand } from '@serverless-gitlab-runner/machine';
import type { LocalRegistry } from './local-registry.ts';

/** A project in a folder of its own outside the repository. Its packages come from a registry, and from nowhere else. */
export class ScratchProject {
  readonly folder: string;
  readonly #registry: LocalRegistry;

  private constructor(folder: string, registry: LocalRegistry) {
    this.folder = folder;
    this.#registry = registry;
  }

  /**
   * @param files folder whose files are copied into the project, if any
   * @param type of its package.json
   */
  static async create(
    registry: LocalRegistry,
    { files, type = 'module' }: { files?: string; type?: 'module' | 'commonjs' } = {},
  ): Promise<ScratchProject> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'scratch-project-')));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'scratch', private: true, type }));
    if (files !== undefined) await cp(files, folder, { recursive: true });
    return new ScratchProject(folder, registry);
  }

  /** The same project, where programs run in one of its folders. */
  inFolder(path: string): ScratchProject {
    return new ScratchProject(join(this.folder, path), this.#registry);
  }

  /** Installs packages from the registry; what npm has in its cache is not loaded again. */
  async install(...packages: readonly string[]): Promise<void> {
    const options = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
    await this.npm(
      'install',
      '--save-exact',
      '--omit-lockfile-registry-resolved=false',
      ...options,
      ...packages,
    );
  }

  /** Runs npm here and returns its stdout. */
  npm(...args: readonly string[]): Promise<string> {
    return this.run('npm', ...args);
  }

  /** Runs Node here and returns its stdout. */
  node(...args: readonly string[]): Promise<string> {
    return this.run(NODE_BINARY, ...args);
  }

  /** Runs a program here and returns its stdout. */
  run(program: string, ...args: readonly string[]): Promise<string> {
    return runCommand(program, args, {
      cwd: this.folder,
      env: { ...this.#registry.environment, PATH: pathOutsideRepository(), NODE_PATH: '' },
    });
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

/** Without the programs of the repository's own packages, but with its Node. */
function pathOutsideRepository(): string {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return [dirname(NODE_BINARY), ...folders.filter((path) => !path.startsWith(REPOSITORY_ROOT))].join(
    delimiter,
  );
}
