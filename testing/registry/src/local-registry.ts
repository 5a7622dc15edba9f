import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { NODE_BINARY, runCommand, until } from '@serverless-gitlab-runner/machine';

const require = createRequire(import.meta.url);

/**
 * An npm registry on this machine (Verdaccio). It has the packages that are published to it, and passes requests for all others
 * to the registry that this machine is configured to use. Of the packages of this repository's scope it knows only its own.
 */
export class LocalRegistry {
  readonly url: string;
  readonly #server: ChildProcess;
  readonly #folder: string;

  private constructor(url: string, server: ChildProcess, folder: string) {
    this.url = url;
    this.#server = server;
    this.#folder = folder;
  }

  /** Starts an empty registry on a free port and waits until it answers. */
  static async start(): Promise<LocalRegistry> {
    const url = `http://127.0.0.1:${await freePort()}/`;
    const [uplink, cafile, userconfig] = await Promise.all(
      ['registry', 'cafile', 'userconfig'].map(npmSetting),
    );
    const folder = await mkdtemp(join(tmpdir(), 'registry-'));
    // npm publishes only with a token, although this registry asks for none.
    const own = `${url.replace('http:', '')}:_authToken=none\nregistry=${url}\n`;
    await writeFile(join(folder, 'npmrc'), `${await contentOf(userconfig)}\n${own}`);
    const config = join(folder, 'config.yaml');
    // JSON is a part of YAML.
    await writeFile(config, JSON.stringify(settings(join(folder, 'storage'), uplink)));
    const installed = dirname(require.resolve('verdaccio/package.json'));
    const program = join(installed, 'bin/verdaccio');
    const server = spawn(NODE_BINARY, [program, '--config', config, '--listen', url], {
      cwd: folder,
      env: {
        ...process.env,
        ...(cafile === undefined ? {} : { NODE_EXTRA_CA_CERTS: cafile }),
        NODE_NO_WARNINGS: '1',
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const registry = new LocalRegistry(url, server, folder);
    try {
      await until('the registry', () => registry.#answers());
      return registry;
    } catch (error) {
      await registry.stop();
      throw error;
    }
  }

  /** Environment variables with which npm uses this registry, and may publish to it. */
  get environment(): Record<string, string> {
    return { npm_config_userconfig: join(this.#folder, 'npmrc'), npm_config_registry: this.url };
  }

  async stop(): Promise<void> {
    if (this.#server.exitCode === null) {
      this.#server.kill();
      await once(this.#server, 'exit');
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #answers(): Promise<true | undefined> {
    if (this.#server.exitCode !== null) throw new Error(`Verdaccio ended with ${this.#server.exitCode}`);
    const response = await fetch(`${this.url}-/ping`).catch(() => undefined);
    return response?.ok ? true : undefined;
  }
}

function settings(storage: string, uplink: string | undefined): object {
  const everybody = { access: '$all', publish: '$all' };
  return {
    storage,
    uplinks: { configured: { url: uplink, maxage: '60m', timeout: '60s' } },
    packages: {
      '@serverless-gitlab-runner/*': everybody,
      '**': { ...everybody, proxy: 'configured' },
    },
    max_body_size: '50mb',
    web: { enable: false },
    log: { type: 'stderr', format: 'pretty', level: 'fatal' },
  };
}

/** A setting of this machine's npm, undefined if it has none. */
async function npmSetting(name: string): Promise<string | undefined> {
  const value = (await runCommand('npm', ['config', 'get', name])).trim();
  return value === 'null' || value === 'undefined' ? undefined : value;
}

async function contentOf(path: string | undefined): Promise<string> {
  return path !== undefined && existsSync(path) ? await readFile(path, 'utf8') : '';
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No port was free');
  return address.port;
}
