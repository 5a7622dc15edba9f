import type { Logger } from '@aws-lambda-powertools/logger';
import { systemTiming } from '@serverless-gitlab-runner/aws/calls';
import { ECS_SHARES, keepToShare } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { createFetch } from '@serverless-gitlab-runner/aws/https';
import {
  checkIntervalSecondsOf,
  InvalidCertificatesError,
  InvalidFleetConfigError,
  taskIdOf,
} from '@serverless-gitlab-runner/fleet';
import type { ManagerLaunchFailed } from '@serverless-gitlab-runner/shared-events';
import type { Environment } from '../environment.ts';
import { startHookServer } from '../hook-server.ts';
import { createJobExecutor } from '../job-executor.ts';
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

/** Maximum time that GitLab may be unreachable when a manager starts. */
const GITLAB_TIMEOUT_SECONDS = 300;

interface ManagerDeps {
  environment: Environment;
  clients: AwsClients;
  logger: Logger;
  publish: EventPublisher;
  /** Aborts when ECS stops this task. */
  stop: AbortSignal;
}

/**
 * Runs a manager: reads its configuration, verifies its token, runs `gitlab-runner` and serves its hooks, and leaves cleanly.
 * @returns the exit code
 * @throws when AWS does not answer; ECS and the reaper then see a failed task
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
    const isConfigError =
      error instanceof InvalidFleetConfigError ||
      error instanceof InvalidCertificatesError ||
      error instanceof MissingParameterError;
    if (!isConfigError) throw error;
    return refuse(deps, 'invalid-fleet', error.message, EXIT.invalidFleet);
  }
  const startedAt = Date.now();
  const systemId = systemIdOf(taskIdOf(identity.taskArn));
  const { gitlabUrl, name } = identity.fleet;
  const api = createRunnerApi(gitlabUrl, { token: identity.token, systemId }, logger, identity.authorities);
  const answer = await api.verifyWithRetries(GITLAB_TIMEOUT_SECONDS, stop);
  if (answer === 'refused') {
    const message = `${gitlabUrl} refused the runner token of fleet ${name}: store a valid one (glrt-…) in its SSM parameter`;
    return refuse(deps, 'runner-token-refused', message, EXIT.tokenRefused);
  }
  if (answer === 'unreachable') {
    const message = `The manager could not reach ${gitlabUrl}: check gitlabUrl, subnets and security groups of fleet ${name}, and its certificate authority (sgr rotate ca) if GitLab has one of its own`;
    return refuse(deps, 'unknown', message, EXIT.unreachable);
  }
  const since = await drainedSince(clients.ecs, identity.taskArn, logger);
  const end: ManagerEnd = isDrainedTooLong(since, identity)
    ? { reason: 'drained', exitCode: EXIT.ok }
    : await serveJobs(deps, identity, api, systemId);
  await api.unregister();
  await publishStopped(publish, identity, end, startedAt);
  logger.info('manager leaves', { fleet: name, manager: taskIdOf(identity.taskArn), ...end, since });
  return end.exitCode;
}

/**
 * Whether the manager was drained too long ago to request a job: the reaper stops it as soon as its grace period is over, and it
 * must not have a job then. A manager that was drained recently still requests once, because it was started for a job.
 */
function isDrainedTooLong(since: string | undefined, { fleet }: ManagerIdentity): boolean {
  return since !== undefined && Date.now() - Date.parse(since) > askingMs(fleet);
}

/** Exits before anything was started, and reports why in the log and as an event. */
async function refuse(
  { environment, logger, publish }: ManagerDeps,
  reason: ManagerLaunchFailed['reason'],
  message: string,
  exitCode: number,
): Promise<number> {
  const fleet = environment.fleet;
  logger.error('launch failed', { fleet, failure: { reason, message, permanent: true } });
  const occurredAt = new Date().toISOString();
  await publish('ManagerLaunchFailed', {
    fleet,
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
  const own = logger.createChild({
    persistentKeys: { fleet: identity.fleet.name, manager: taskIdOf(identity.taskArn) },
  });
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
  const closeRunner = createRunnerCloser({
    ...runner,
    emptyConfig: files.emptyConfig,
    jobRequests: () => readJobRequests(environment.metricsPort),
    checkIntervalMs: checkIntervalSecondsOf(identity.fleet) * 1000,
    logger: own,
  });
  const finish: typeof closeRunner = (timeouts) => {
    void context.ahead?.close('its manager takes no more jobs');
    closeRunner(timeouts);
  };
  const end = await superviseRunner({
    runner: { ...runner, finish },
    api,
    identity,
    ecs,
    managers: managers.now,
    logger: own,
    stop,
  });
  // After an orderly exit of the runner, no jobs are open.
  const reason = whyRunnerDied((await runner.exited).how);
  const gitlab = { gitlabUrl: identity.fleet.gitlabUrl, fetch: createFetch(identity.authorities) };
  await failOpenJobs({ ...gitlab, logger: own }, executor.openJobs(), reason);

  await context.ahead?.close('its manager is leaving');
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
      ? " The manager ran out of memory, possibly because of a job; the installation's managerMemoryMiB sets its size."
      : '';
  return `The gitlab-runner process of this job's manager died (${how}), which ended its jobs.${memory} Retry the job.`;
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
