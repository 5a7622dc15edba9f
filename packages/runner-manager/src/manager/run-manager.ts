import { systemTiming } from '@serverless-gitlab-runner/aws/calls';
import { ECS_SHARES, keepToShare } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { InvalidFleetConfigError, taskIdOf } from '@serverless-gitlab-runner/fleet';
import type { ManagerLaunchFailed } from '@serverless-gitlab-runner/shared-events';
import type { Environment } from '../environment.ts';
import { startHookServer } from '../hook-server.ts';
import { createJobExecutor } from '../job-executor.ts';
import type { Logger } from '../logger.ts';
import { createEventPublisher, type EventPublisher } from '../publish-events.ts';
import type { AwsClients } from './aws-clients.ts';
import { createRunnerCloser } from './close-runner.ts';
import { countManagers } from './count-managers.ts';
import { failOpenJobs } from './fail-open-jobs.ts';
import { createRunnerApi, type RunnerApi } from './gitlab-api.ts';
import { openCache } from './open-cache.ts';
import { MissingParameterError } from './read-parameter.ts';
import { removeDeadManagers } from './remove-dead-managers.ts';
import { systemIdOf } from './runner-config.ts';
import { writeRunnerFiles } from './runner-files.ts';
import { readJobRequests } from './runner-metrics.ts';
import { startRunner } from './runner-process.ts';
import { createContext, type ManagerIdentity, readIdentity } from './start-context.ts';
import { stopLeftOverTasks } from './stop-left-over-tasks.ts';
import { askingMs, EXIT, type ManagerEnd, superviseRunner } from './supervise-runner.ts';
import { drainedSince } from './watch-drain.ts';

/** Seconds that GitLab may be unreachable when a manager starts. */
const GITLAB_PATIENCE_SECONDS = 300;

/** What a manager has at hand from the start. */
interface ManagerDeps {
  environment: Environment;
  clients: AwsClients;
  logger: Logger;
  publish: EventPublisher;
  /** Aborts when ECS stops this task. */
  stop: AbortSignal;
}

/**
 * A manager's life: reads what it is, verifies its token, runs `gitlab-runner` and serves its hooks, leaves cleanly.
 * @returns the exit code
 * @throws when AWS does not answer; ECS and the reaper then see a task that failed
 */
export async function runManager(
  environment: Environment,
  clients: AwsClients,
  logger: Logger,
  stop: AbortSignal,
): Promise<number> {
  const publish = createEventPublisher(clients.events, environment.eventBusName, logger);
  const deps = { environment, clients, logger, publish, stop };
  let identity: ManagerIdentity;
  try {
    identity = await readIdentity(environment, clients);
  } catch (error) {
    const isWritten = error instanceof InvalidFleetConfigError || error instanceof MissingParameterError;
    if (!isWritten) throw error;
    return refuse(deps, 'invalid-fleet', error.message, EXIT.invalidFleet);
  }
  const startedAt = Date.now();
  const systemId = systemIdOf(taskIdOf(identity.taskArn));
  const { gitlabUrl, name } = identity.fleet;
  const api = createRunnerApi(gitlabUrl, { token: identity.token, systemId }, logger);
  const answer = await api.verifyPatiently(GITLAB_PATIENCE_SECONDS, stop);
  if (answer === 'refused') {
    const message = `${gitlabUrl} does not know the runner token of fleet ${name}: write a valid one (glrt-…) into its SSM parameter`;
    return refuse(deps, 'runner-token-refused', message, EXIT.tokenRefused);
  }
  if (answer === 'unreachable') {
    const message = `${gitlabUrl} could not be reached from the manager: look at gitlabUrl, subnets and security groups of fleet ${name}`;
    return refuse(deps, 'unknown', message, EXIT.unreachable);
  }
  const since = await drainedSince(clients.ecs, identity.taskArn, logger);
  const end: ManagerEnd = isGivenUp(since, identity)
    ? { reason: 'drained', exitCode: EXIT.ok }
    : await serveJobs(deps, identity, api, systemId);
  await api.unregister();
  await publishStopped(publish, identity, end, startedAt);
  logger.info('manager leaves', { fleet: name, manager: taskIdOf(identity.taskArn), ...end, since });
  return end.exitCode;
}

/**
 * A manager that was drained long before it could ask for a job is stopped as soon as its grace is over: it must not
 * take a job then. One that was drained a moment ago asks once, for it was started for a job.
 */
function isGivenUp(since: string | undefined, { fleet }: ManagerIdentity): boolean {
  return since !== undefined && Date.now() - Date.parse(since) > askingMs(fleet);
}

/** Ends before anything was begun, and says why where people look. */
async function refuse(
  { environment, logger, publish }: ManagerDeps,
  reason: ManagerLaunchFailed['reason'],
  message: string,
  exitCode: number,
): Promise<number> {
  logger.error(message, { reason });
  const occurredAt = new Date().toISOString();
  await publish('ManagerLaunchFailed', {
    fleet: environment.fleet,
    occurredAt,
    reason,
    message,
    final: true,
  });
  return exitCode;
}

async function serveJobs(
  { environment, clients, logger, publish, stop }: ManagerDeps,
  identity: ManagerIdentity,
  api: RunnerApi,
  systemId: string,
): Promise<ManagerEnd> {
  const { ecs } = clients;
  const own = logger.child({ fleet: identity.fleet.name, manager: taskIdOf(identity.taskArn) });
  const managers = countManagers(ecs, environment.cluster, own);
  keepToShare(ecs, ECS_SHARES.managers, managers.now, systemTiming);
  const context = await createContext(environment, identity, clients, publish, own);
  const executor = createJobExecutor(context);
  void removeDeadManagers({ ecs, ...environment }, api, own);
  const cache = await openCache(identity.fleet, clients.sts, environment.s3Endpoint, own);
  const files = await writeRunnerFiles(environment, identity, systemId, cache);
  const server = await startHookServer(files.socketPath, executor, own);
  const runner = startRunner(files.configFile, environment.stateFolder, files.environment);
  own.info('gitlab-runner started', { gitlabUrl: identity.fleet.gitlabUrl, systemId });
  const finish = createRunnerCloser({
    ...runner,
    emptyConfig: files.emptyConfig,
    jobRequests: () => readJobRequests(environment.metricsPort),
    checkIntervalMs: identity.fleet.manager.checkIntervalSeconds * 1000,
    logger: own,
  });
  const end = await superviseRunner({ runner: { ...runner, finish }, api, identity, ecs, logger: own, stop });
  // A runner that leaves in order has cleaned up after each of its jobs.
  const reason = whyRunnerDied((await runner.exited).how);
  await failOpenJobs({ gitlabUrl: identity.fleet.gitlabUrl, logger: own }, executor.openJobs(), reason);

  await executor.endAll('its manager is leaving');
  await stopLeftOverTasks(ecs, environment.cluster, taskIdOf(identity.taskArn), own);
  context.watcher.stop();
  managers.stop();
  server.close();
  server.closeAllConnections();
  cache.close();
  return end;
}

function whyRunnerDied(how: string): string {
  const memory =
    how === 'SIGKILL'
      ? " The manager ran out of memory: a job may have filled it, and its size is the installation's managerMemoryMiB."
      : '';
  return `The gitlab-runner of this job's manager ended (${how}), and its jobs with it.${memory} Retry the job.`;
}

async function publishStopped(
  publish: EventPublisher,
  { fleet, taskArn }: ManagerIdentity,
  { reason }: ManagerEnd,
  startedAt: number,
): Promise<void> {
  await publish('ManagerStopped', {
    fleet: fleet.name,
    occurredAt: new Date().toISOString(),
    managerTaskArn: taskArn,
    reason,
    seconds: (Date.now() - startedAt) / 1000,
  });
}
