import { randomBytes } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { taskIdOf } from '@serverless-gitlab-runner/fleet';
import type { Environment } from '../environment.ts';
import type { OpenCache } from './open-cache.ts';
import { emptyRunnerConfig, runnerConfig } from './runner-config.ts';
import type { ManagerIdentity } from './start-context.ts';

/** What `gitlab-runner` and its hooks find on the disk and in their environment. */
export interface RunnerFiles {
  configFile: string;
  /** Leaves nothing in it that the runner could ask for. */
  emptyConfig(): Promise<void>;
  /** Unix socket at which the hooks reach this process. */
  socketPath: string;
  environment: Readonly<Record<string, string>>;
}

/** Writes the runner's configuration and, beside it, its system id. */
export async function writeRunnerFiles(
  { stateFolder, hooksFolder, inherited, metricsPort }: Environment,
  { fleet, token, taskArn }: ManagerIdentity,
  systemId: string,
  { cache, environment: cacheEnvironment }: Pick<OpenCache, 'cache' | 'environment'>,
): Promise<RunnerFiles> {
  // A job can have the runner speak HTTP to any Unix socket whose path it knows (`secrets: vault: server: url: unix://…`).
  const socketPath = join(stateFolder, `hooks-${randomBytes(16).toString('hex')}.sock`);
  const configFile = join(stateFolder, 'config.toml');
  await mkdir(join(stateFolder, 'jobs'), { recursive: true, mode: 0o700 });
  const name = `${fleet.name} ${taskIdOf(taskArn)}`;
  const config = runnerConfig({ fleet, token, name, hooksFolder, metricsPort, cache });
  await writeFile(configFile, config, { mode: 0o600 });
  await writeFile(join(stateFolder, '.runner_system_id'), systemId, { mode: 0o600 });
  const environment = {
    ...inherited,
    ...cacheEnvironment,
    FARGATE_EXECUTOR_SOCKET: socketPath,
    FARGATE_EXECUTOR_STATE: stateFolder,
  };
  const emptyConfig = async () => {
    // Never half a file: the runner may read it at any moment.
    await writeFile(`${configFile}.new`, emptyRunnerConfig({ fleet, metricsPort }), { mode: 0o600 });
    await rename(`${configFile}.new`, configFile);
  };
  return { configFile, emptyConfig, socketPath, environment };
}
