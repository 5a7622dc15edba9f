import { randomBytes } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { taskIdOf } from '@serverless-gitlab-runner/fleet';
import type { Environment } from '../environment.ts';
import type { OpenCache } from './open-cache.ts';
import { emptyRunnerConfig, runnerConfig } from './runner-config.ts';
import type { ManagerIdentity } from './start-context.ts';

/** Files and environment of `gitlab-runner` and its hooks. */
export interface RunnerFiles {
  configFile: string;
  /** Replaces the configuration by one without runners, so that the runner requests no more jobs. */
  emptyConfig(): Promise<void>;
  /** Unix socket of the hook server. */
  socketPath: string;
  environment: Readonly<Record<string, string>>;
}

/** Writes the runner's configuration and, next to it, its system id. */
export async function writeRunnerFiles(
  { stateFolder, hooksFolder, inherited, metricsPort }: Environment,
  { fleet, token, taskArn, authorities }: ManagerIdentity,
  systemId: string,
  { cache, environment: cacheEnvironment }: Pick<OpenCache, 'cache' | 'environment'>,
): Promise<RunnerFiles> {
  // Random, because a job can make the runner send HTTP to any Unix socket whose path it knows
  // (`secrets: vault: server: url: unix://…`).
  const socketPath = join(stateFolder, `hooks-${randomBytes(16).toString('hex')}.sock`);
  const configFile = join(stateFolder, 'config.toml');
  await mkdir(join(stateFolder, 'jobs'), { recursive: true, mode: 0o700 });
  const name = `${fleet.name} ${taskIdOf(taskArn)}`;
  const authoritiesFile = authorities === undefined ? undefined : join(stateFolder, 'gitlab-ca.pem');
  if (authoritiesFile !== undefined) await writeFile(authoritiesFile, authorities ?? '');
  const config = runnerConfig({ fleet, token, name, hooksFolder, metricsPort, cache, authoritiesFile });
  await writeFile(configFile, config, { mode: 0o600 });
  await writeFile(join(stateFolder, '.runner_system_id'), systemId, { mode: 0o600 });
  const environment = {
    ...inherited,
    ...cacheEnvironment,
    FARGATE_EXECUTOR_SOCKET: socketPath,
    FARGATE_EXECUTOR_STATE: stateFolder,
  };
  const emptyConfig = async () => {
    // Renamed into place, because the runner may read the file at any time.
    await writeFile(`${configFile}.new`, emptyRunnerConfig({ fleet, metricsPort }), { mode: 0o600 });
    await rename(`${configFile}.new`, configFile);
  };
  return { configFile, emptyConfig, socketPath, environment };
}
