import { TagResourceCommand, type Task } from '@aws-sdk/client-ecs';
import { definitionArn, readManagedTasks, takesJobs } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { managerFamily, TAG, tagValue, toTags } from '@serverless-gitlab-runner/fleet';
import { readClusterState } from '@serverless-gitlab-runner/idle-reaper';
import type { MessageOutcome } from '@serverless-gitlab-runner/runner-launcher';
import type { EcsApi } from './ecs/simulated-ecs.ts';
import type { FamilyName } from './families.ts';
import type { InvariantName } from './invariants.ts';
import type { Overrides } from './overrides.ts';

/** The removal of a precaution, and the invariants that must detect it. */
export interface Mutation {
  overrides: Partial<Overrides>;
  /** Family whose schedules detect it. */
  caughtIn: FamilyName;
  /** Invariants, one of which is violated. */
  by: readonly InvariantName[];
}

/** Mutations by description. */
export const mutations: Readonly<Record<string, Mutation>> = {
  'the launcher does not reread tags after writing the demand mark': {
    overrides: { launcherEcs: withoutReread },
    caughtIn: 'at the drain',
    by: ['no job waits while its fleet has capacity'],
  },
  'the reaper does not reread tags after writing the drain mark': {
    overrides: { reaperEcs: withoutReread },
    caughtIn: 'at the drain',
    by: ['no job waits while its fleet has capacity'],
  },
  'the reaper drains before it decides': {
    overrides: { readClusterState: drainFirst },
    caughtIn: 'prompt',
    by: ['no job waits while its fleet has capacity', 'no busy manager is drained as idle'],
  },
  'the reaper ignores demand': {
    overrides: { reaperEcs: (ecs) => changingTasks(ecs, (task) => withoutTag(task, TAG.demand)) },
    caughtIn: 'at the drain',
    by: ['no job waits while its fleet has capacity'],
  },
  'RunTask has no client token': {
    overrides: {
      launcherEcs: (ecs) => ({ ...ecs, runTask: ({ clientToken: _, ...rest }) => ecs.runTask(rest) }),
    },
    caughtIn: 'failing calls',
    by: ['the maximum is respected'],
  },
  'the retry of a lost RunTask response has a new client token': {
    overrides: {
      launcherEcs: (ecs, random) => ({
        ...ecs,
        runTask: (input) => ecs.runTask({ ...input, clientToken: String(random.next()) }),
      }),
    },
    caughtIn: 'failing calls',
    by: ['the maximum is respected'],
  },
  'starting managers are not counted': {
    overrides: {
      launcherEcs: (ecs) =>
        changingTasks(ecs, (task) => (task.lastStatus === 'PROVISIONING' ? undefined : task)),
    },
    caughtIn: 'crowd',
    by: ['the maximum is respected'],
  },
  'draining managers are counted': {
    overrides: { launcherEcs: (ecs) => changingTasks(ecs, (task) => withoutTag(task, TAG.drain)) },
    caughtIn: 'at the drain',
    by: ['no job waits while its fleet has capacity'],
  },
  'a drained runner receives SIGQUIT at once': {
    overrides: { nextClosingStep: () => 'quit' },
    caughtIn: 'at the drain',
    by: ['no job is assigned to a cut request', 'no job waits while its fleet has capacity'],
  },
  'an idle manager is stopped instead of drained': {
    overrides: {
      reaperEcs: (ecs) => ({ ...ecs, tagResource: ({ resourceArn }) => ecs.stopTask({ task: resourceArn }) }),
    },
    caughtIn: 'at the drain, lagging',
    by: ['no manager is stopped while it has a job', 'zero tasks when idle'],
  },
  'a drained manager is stopped despite running jobs': {
    overrides: {
      readClusterState: drainedWithoutJobs,
      reaperEcs: (ecs) => ({ ...ecs, listTasks: withoutStartedBy(ecs) }),
    },
    caughtIn: 'lifetimes',
    by: ['no manager is stopped while it has a job'],
  },
  'neither launcher nor reaper rechecks demand that crossed a drain': {
    overrides: { readClusterState: drainedWithoutDemand, settled: withoutRechecks },
    caughtIn: 'at the drain, lagging',
    by: ['no job waits while its fleet has capacity'],
  },
  'neither launcher nor reaper rechecks after a manager is lost': {
    overrides: { readClusterState: withoutEnded, settled: withoutRechecks },
    caughtIn: 'lost managers',
    by: ['no job waits while its fleet has capacity'],
  },
  'a drained manager that does not leave is not stopped': {
    overrides: { reaperEcs: (ecs) => ({ ...ecs, stopTask: () => ({}) }) },
    caughtIn: 'hanging managers',
    by: ['zero tasks when idle'],
  },
  'there is no safety launch': {
    overrides: { reaperConfig: (config) => ({ ...config, safetyLaunchSeconds: 0 }) },
    caughtIn: 'lost webhooks',
    by: ['no job waits while its fleet has capacity'],
  },
  'orphans are identified by task lists alone, regardless of age': {
    overrides: { readClusterState: orphansByLists },
    caughtIn: 'orphans',
    by: ['no job is killed'],
  },
  'the reaper stops no tasks': {
    overrides: { reaperEcs: (ecs) => ({ ...ecs, stopTask: () => ({}) }) },
    caughtIn: 'orphans',
    by: ['no job task outlives its manager'],
  },
  'the maximum is ignored': {
    overrides: {
      launcherConfig: (config) => ({ ...config, manager: { ...config.manager, max: 100 } }),
    },
    caughtIn: 'crowd',
    by: ['the maximum is respected'],
  },
  'a message is deleted although its launch failed': {
    overrides: { keep: () => [] },
    caughtIn: 'failing calls',
    by: ['no job waits while its fleet has capacity'],
  },
  'a message is deleted while its job still waits for a manager': {
    overrides: { settled: withoutRechecks },
    caughtIn: 'burst',
    by: ['no job waits while its fleet has capacity'],
  },
  'no manager is drained': {
    overrides: { reaperEcs: (ecs) => ({ ...ecs, tagResource: () => ({}) }) },
    caughtIn: 'prompt',
    by: ['zero tasks when idle'],
  },
  'tasks of any family count as managed': {
    overrides: { reaperEcs: (ecs) => changingTasks(ecs, asManaged) },
    caughtIn: 'prompt',
    by: ['unmanaged tasks are not touched'],
  },
  'tasks are identified by the tags that StopTask deletes': {
    overrides: { reaperEcs: (ecs) => changingTasks(ecs, identifiedByTags) },
    caughtIn: 'stopped managers',
    by: ['no job is killed', 'no job waits while its fleet has capacity'],
  },
  'tasks that wait for a job count as activity': {
    overrides: {
      launcherEcs: (ecs) => changingTasks(ecs, asOfJob),
      reaperEcs: (ecs) => changingTasks(ecs, asOfJob),
    },
    caughtIn: 'ahead',
    by: ['zero tasks when idle', 'no job waits while its fleet has capacity'],
  },
  'a refused token is not remembered': {
    overrides: {
      launcherEcs: (ecs) => changingTasks(ecs, withoutExitCode),
      reaperEcs: (ecs) => changingTasks(ecs, withoutExitCode),
    },
    caughtIn: 'refused token',
    by: ['a refused token starts no managers'],
  },
};

/** ECS whose DescribeTasks changes or omits tasks. */
function changingTasks(ecs: EcsApi, change: (task: Task) => Task | undefined): EcsApi {
  return {
    ...ecs,
    describeTasks(input) {
      const answer = ecs.describeTasks(input);
      return { ...answer, tasks: answer.tasks.flatMap((task) => change(task) ?? []) };
    },
  };
}

function withoutRechecks(settled: MessageOutcome[]): MessageOutcome[] {
  return settled.map(({ message, outcome }) => ({
    message,
    outcome: outcome.kind === 'recheck' ? { kind: 'done', because: outcome.because } : outcome,
  }));
}

/** ECS that returns a task's previous state after it was tagged. */
function withoutReread(ecs: EcsApi): EcsApi {
  const known = new Map<string | undefined, Task>();
  const marked = new Set<string | undefined>();
  const stale = changingTasks(ecs, (task) => {
    const before = known.get(task.taskArn);
    if (before && marked.has(task.taskArn)) return before;
    known.set(task.taskArn, task);
    return task;
  });
  return {
    ...stale,
    tagResource(input) {
      marked.add(input.resourceArn);
      return ecs.tagResource(input);
    },
  };
}

function withoutTag(task: Task, key: string): Task {
  return { ...task, tags: (task.tags ?? []).filter((tag) => tag.key !== key) };
}

/** A task that was started ahead as if it had been started for a job. */
function asOfJob(task: Task): Task {
  return { ...task, group: 'family:jobs' };
}

function withoutExitCode(task: Task): Task {
  return { ...task, containers: [] };
}

function asManaged(task: Task): Task {
  const isManaged = tagValue(task.tags, 'role') !== undefined;
  return isManaged ? task : { ...task, taskDefinitionArn: definitionArn(managerFamily('default')) };
}

/** A task as seen by a reader that identifies tasks by tags only. */
function identifiedByTags(task: Task): Task {
  const isTagged = tagValue(task.tags, 'role') !== undefined;
  return isTagged ? task : { ...task, taskDefinitionArn: definitionArn('unknown') };
}

function withoutStartedBy(ecs: EcsApi): EcsApi['listTasks'] {
  return (input) =>
    input.startedBy === undefined ? ecs.listTasks(input) : { taskArns: [], nextToken: undefined };
}

type ReadClusterState = typeof readClusterState;

async function drainFirst(...args: Parameters<ReadClusterState>): ReturnType<ReadClusterState> {
  const { managers } = await readClusterState(...args);
  const [ecs] = args;
  const tags = toTags({ drain: new Date(0).toISOString() });
  for (const { taskArn: resourceArn } of managers.filter(takesJobs))
    await ecs.send(new TagResourceCommand({ resourceArn, tags }));
  return readClusterState(...args);
}

async function drainedWithoutDemand(...args: Parameters<ReadClusterState>): ReturnType<ReadClusterState> {
  const clusterState = await readClusterState(...args);
  const managers = clusterState.managers.map((manager) =>
    manager.drainAt === undefined ? manager : { ...manager, demandAt: undefined },
  );
  return { ...clusterState, managers };
}

async function drainedWithoutJobs(...args: Parameters<ReadClusterState>): ReturnType<ReadClusterState> {
  const clusterState = await readClusterState(...args);
  const drained = new Set(
    clusterState.managers.filter(({ drainAt }) => drainAt !== undefined).map(({ taskId }) => taskId),
  );
  return {
    ...clusterState,
    jobTasks: clusterState.jobTasks.filter(({ managerTaskId = '' }) => !drained.has(managerTaskId)),
  };
}

async function withoutEnded(...args: Parameters<ReadClusterState>): ReturnType<ReadClusterState> {
  const clusterState = await readClusterState(...args);
  return { ...clusterState, managers: clusterState.managers.filter(({ state }) => state !== 'stopped') };
}

async function orphansByLists(...args: Parameters<ReadClusterState>): ReturnType<ReadClusterState> {
  const [ecs, cluster] = args;
  const clusterState = await readManagedTasks(ecs, cluster, [
    { desiredStatus: 'RUNNING' },
    { desiredStatus: 'STOPPED' },
  ]);
  const jobTasks = clusterState.jobTasks.map((task) => ({ ...task, createdAt: 0 }));
  return { ...clusterState, jobTasks };
}
