import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { taskIdOf } from '@serverless-gitlab-runner/fleet';
import packageJson from '../../package.json' with { type: 'json' };
import type { Environment } from '../environment.ts';
import { messageOf } from '../errors.ts';
import { startHookServer } from '../hook-server.ts';
import { createJobExecutor } from '../job-executor.ts';
import type { Logger } from '../logger.ts';
import type { AwsClients } from './aws-clients.ts';
import { createRunnerApi, type RunnerApi } from './gitlab-api.ts';
import { newSystemId, runnerConfig } from './runner-config.ts';
import { startRunner } from './runner-process.ts';
import { createContext, type ManagerIdentity, readIdentity } from './start-context.ts';
import { stopOwnTasks } from './stop-own-tasks.ts';
import { EXIT, superviseRunner } from './supervise-runner.ts';

/** Seconds that GitLab may be unreachable when a manager starts. */
const GITLAB_PATIENCE_SECONDS = 300;

/** A manager's life: verifies its token, runs `gitlab-runner` and serves its hooks, leaves cleanly. @returns the exit code */
export async function runManager(
  environment: Environment,
  clients: AwsClients,
  logger: Logger,
  stop: AbortSignal,
): Promise<number> {
  const startedAt = Date.now();
  const identity = await readIdentity(environment, clients);
  const own = logger.child({ fleet: identity.fleet.name, manager: taskIdOf(identity.taskArn) });
  const context = await createContext(environment, identity, clients, own);
  const systemId = newSystemId();
  const api = createRunnerApi(identity.fleet.gitlabUrl, { token: identity.token, systemId }, own);
  const refusal = await refusalOf(api, identity, stop);
  if (refusal) {
    own.error(refusal.message, { reason: refusal.reason });
    await context.publish('ManagerLaunchFailed', {
      fleet: identity.fleet.name,
      occurredAt: new Date().toISOString(),
      final: true,
      reason: refusal.reason,
      message: refusal.message,
    });
    return refusal.exitCode;
  }

  const executor = createJobExecutor(context);
  const socketPath = join(environment.stateFolder, 'hooks.sock');
  const configFile = await writeRunnerFiles(environment, identity, systemId, socketPath);
  const server = await startHookServer(socketPath, executor, own);
  const runner = startRunner(configFile, environment.stateFolder, {
    ...environment.inherited,
    FARGATE_EXECUTOR_SOCKET: socketPath,
    FARGATE_EXECUTOR_STATE: environment.stateFolder,
    FARGATE_EXECUTOR_VERSION: packageJson.version,
  });
  own.info('gitlab-runner started', { gitlabUrl: identity.fleet.gitlabUrl, systemId });
  const end = await superviseRunner({ runner, api, identity, ecs: clients.ecs, logger: own, stop });

  await executor.endAll('its manager is leaving');
  await stopLeftOverTasks(environment, identity, clients, own);
  context.watcher.stop();
  server.close();
  await api.unregister();
  await context.publish('ManagerStopped', {
    fleet: identity.fleet.name,
    occurredAt: new Date().toISOString(),
    managerTaskArn: identity.taskArn,
    reason: end.reason,
    seconds: (Date.now() - startedAt) / 1000,
  });
  own.info('manager leaves', { ...end });
  return end.exitCode;
}

async function refusalOf(api: RunnerApi, { fleet }: ManagerIdentity, stop: AbortSignal) {
  const answer = await api.verifyPatiently(GITLAB_PATIENCE_SECONDS, stop);
  if (answer === 'accepted') return undefined;
  if (answer === 'refused') {
    return {
      reason: 'runner-token-refused' as const,
      message: `${fleet.gitlabUrl} does not know the runner token of fleet ${fleet.name}: write a valid one (glrt-…) into its SSM parameter`,
      exitCode: EXIT.tokenRefused,
    };
  }
  return {
    reason: 'unknown' as const,
    message: `${fleet.gitlabUrl} could not be reached from the manager: look at gitlabUrl, subnets and security groups of fleet ${fleet.name}`,
    exitCode: EXIT.unreachable,
  };
}

/** Writes what the runner reads: its configuration, and its system id beside it. */
async function writeRunnerFiles(
  environment: Environment,
  { fleet, token, taskArn }: ManagerIdentity,
  systemId: string,
  socketPath: string,
): Promise<string> {
  const { stateFolder, hooksFolder } = environment;
  await mkdir(join(stateFolder, 'jobs'), { recursive: true, mode: 0o700 });
  await rm(socketPath, { force: true });
  const configFile = join(stateFolder, 'config.toml');
  const name = `${fleet.name} ${taskIdOf(taskArn)}`;
  await writeFile(configFile, runnerConfig({ fleet, token, name, hooksFolder }), { mode: 0o600 });
  await writeFile(join(stateFolder, '.runner_system_id'), systemId, { mode: 0o600 });
  return configFile;
}

async function stopLeftOverTasks(
  { cluster }: Environment,
  { taskArn }: ManagerIdentity,
  { ecs }: AwsClients,
  logger: Logger,
): Promise<void> {
  try {
    const stopped = await stopOwnTasks(ecs, cluster, taskIdOf(taskArn));
    if (stopped > 0) logger.warn('job tasks were left over', { stopped });
  } catch (error) {
    logger.error('left-over job tasks could not be stopped: the reaper will', { error: messageOf(error) });
  }
}
