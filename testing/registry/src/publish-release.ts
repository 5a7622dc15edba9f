import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY_ROOT, runCommand } from '@serverless-gitlab-runner/machine';
import type { LocalRegistry } from './local-registry.ts';

const PACKED = join(REPOSITORY_ROOT, 'dist/npm');
const SCOPE = '@serverless-gitlab-runner/';
const PACKAGES = ['shared-events', 'infra', 'cli'];
const LAMBDAS = ['webhook-receiver', 'runner-launcher', 'idle-reaper'];

interface Manifest {
  version: string;
  dependencies: Record<string, string>;
}

/**
 * Publishes what `npm run pack` built, as a release of that version: the packages name it, depend on it, and the Lambdas' code
 * differs from that of other releases.
 */
export async function publishRelease(registry: LocalRegistry, version: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'release-'));
  try {
    for (const name of PACKAGES) await cp(join(PACKED, name), join(folder, name), { recursive: true });
    for (const name of PACKAGES) await setVersion(join(folder, name, 'package.json'), version);
    for (const name of LAMBDAS)
      await appendFile(
        join(folder, 'infra/files/packages', name, 'dist/index.mjs'),
        `\n// Release ${version}\n`,
      );
    for (const name of PACKAGES)
      await runCommand('npm', ['publish', join(folder, name), '--loglevel=error'], {
        cwd: folder,
        env: registry.environment,
      });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function setVersion(path: string, version: string): Promise<void> {
  const manifest: Manifest = JSON.parse(await readFile(path, 'utf8'));
  const dependencies = Object.entries(manifest.dependencies).map(([name, range]) => [
    name,
    name.startsWith(SCOPE) ? version : range,
  ]);
  const changed = { ...manifest, version, dependencies: Object.fromEntries(dependencies) };
  await writeFile(path, JSON.stringify(changed));
}
