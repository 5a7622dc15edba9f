import type { ECSClient } from '@aws-sdk/client-ecs';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { ManagerFacts, TaskState } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { type ListedFleet, parameterNames } from '@serverless-gitlab-runner/fleet';
import type { Clients } from '../clients.ts';
import { readFleets, storedSecrets } from '../fleets.ts';
import type { Installation } from '../installation.ts';
import { countMessages } from '../queues.ts';
import { type ClusterTasks, jobsOf, readTasks } from '../tasks.ts';
import { isOutdated } from './decide-outdated.ts';
import { newestDefinitions } from './newest-definitions.ts';

/** What an installation runs now. Times are milliseconds since 1970. */
export interface Status {
  region: string;
  fleets: FleetStatus[];
  managers: ManagerStatus[];
  /** Job tasks that have not stopped, oldest first. */
  jobTasks: JobTaskStatus[];
  queue: QueueStatus;
}

export interface QueueStatus {
  /** Jobs whose message waits for its next look, or is being looked at. */
  messages: number;
  launcherDeadLetters: number;
  reaperDeadLetters: number;
}

export interface FleetStatus {
  name: string;
  /** Why its document is invalid. */
  problem?: string;
  gitlabUrl?: string;
  maxManagers?: number;
  concurrentJobs?: number;
  /** Whether the launcher reads jobs from GitLab's API, and so gives its webhooks' jobs to other fleets of that GitLab too. */
  usesApi?: boolean;
  runnerToken: boolean;
  /** Whether the webhook's secret token or signing token is stored. */
  webhookSecret: boolean;
}

export interface ManagerStatus {
  taskId: string;
  fleet: string;
  slot: number | undefined;
  /** `draining`: it takes no more jobs. */
  state: TaskState | 'draining';
  since: number | undefined;
  jobs: number;
  /** Whether the fleet's next manager would have another version or other settings. */
  isOutdated: boolean;
}

export interface JobTaskStatus {
  /** Undefined: started ahead, and no job has claimed it. */
  jobId: number | undefined;
  taskId: string;
  fleet: string;
  state: TaskState;
  since: number | undefined;
}

export async function readStatus(clients: Clients, installation: Installation): Promise<Status> {
  const { region, cluster, parameterPrefix } = installation;
  const [fleets, tasks, queue] = await Promise.all([
    readFleets(clients.ssm, parameterPrefix),
    readTasks(clients.ecs, cluster),
    readQueue(clients.sqs, installation),
  ]);
  return {
    region,
    fleets: fleets.map((fleet) => fleetStatus(fleet, parameterPrefix)),
    managers: await managersOf(tasks, fleets, clients.ecs, parameterPrefix),
    jobTasks: jobTasksOf(tasks),
    queue,
  };
}

/** Counts the messages of the launcher's queue and of the dead-letter queues. */
export async function readQueue(
  sqs: SQSClient,
  { queueUrl, deadLetterUrls }: Pick<Installation, 'queueUrl' | 'deadLetterUrls'>,
): Promise<QueueStatus> {
  const [messages, launcherDeadLetters, reaperDeadLetters] = await Promise.all([
    countMessages(sqs, queueUrl),
    countMessages(sqs, deadLetterUrls.launcher),
    countMessages(sqs, deadLetterUrls.reaper),
  ]);
  return { messages, launcherDeadLetters, reaperDeadLetters };
}

export function fleetStatus(fleet: ListedFleet, prefix: string): FleetStatus {
  const { runnerToken, webhookSecret } = storedSecrets(fleet, prefix);
  const stored = { name: fleet.name, runnerToken, webhookSecret };
  if ('problem' in fleet) return { ...stored, problem: fleet.problem.replaceAll(/\s+/g, ' ') };
  const { gitlabUrl, gitlabApi, manager } = fleet.config;
  return {
    ...stored,
    gitlabUrl,
    usesApi: gitlabApi !== undefined,
    maxManagers: manager.max,
    concurrentJobs: manager.concurrentJobs,
  };
}

async function managersOf(
  { managers, jobTasks }: ClusterTasks,
  fleets: readonly ListedFleet[],
  ecs: ECSClient,
  parameterPrefix: string,
): Promise<ManagerStatus[]> {
  const left = managers.filter(({ facts }) => facts.state !== 'stopped');
  const newest = await newestDefinitions(
    ecs,
    left.map(({ facts }) => facts.fleet),
  );
  const writtenAt = new Map(
    fleets.map((fleet) => [fleet.name, startSettingsWrittenAt(fleet, parameterPrefix)]),
  );
  return left.map(({ facts, task }) => ({
    ...managerStatus(facts, jobTasks),
    isOutdated: isOutdated({
      manager: { definitionArn: task.taskDefinitionArn, createdAt: facts.createdAt },
      newestDefinitionArn: newest.get(facts.fleet),
      settingsWrittenAt: writtenAt.get(facts.fleet),
    }),
  }));
}

/** When what a fleet's managers read at their start was last written: its document, and GitLab's authorities. */
function startSettingsWrittenAt(
  { name, writtenAt, otherParameters }: ListedFleet,
  prefix: string,
): number | undefined {
  const authorities = otherParameters.get(parameterNames(prefix, name).certificateAuthorities);
  const times = [writtenAt, authorities].filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.max(...times);
}

function managerStatus(
  manager: ManagerFacts,
  jobTasks: ClusterTasks['jobTasks'],
): Omit<ManagerStatus, 'isOutdated'> {
  const { taskId, fleet, slot, state, drainAt, startedAt, createdAt, stoppingAt } = manager;
  const isDraining = drainAt !== undefined && state === 'running';
  const jobs = jobsOf(manager, jobTasks);
  return isDraining
    ? { taskId, fleet, slot, state: 'draining', since: drainAt, jobs }
    : { taskId, fleet, slot, state, since: stoppingAt ?? startedAt ?? createdAt, jobs };
}

function jobTasksOf({ jobTasks }: ClusterTasks): JobTaskStatus[] {
  return jobTasks
    .filter(({ facts }) => facts.state !== 'stopped')
    .map(({ facts: { jobId, taskId, fleet, state, stoppingAt, startedAt, createdAt } }) => ({
      jobId,
      taskId,
      fleet,
      state,
      since: stoppingAt ?? startedAt ?? createdAt,
    }))
    .sort((one, other) => (one.since ?? 0) - (other.since ?? 0));
}
