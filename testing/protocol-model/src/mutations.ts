import { TagResourceCommand, type Task } from '@aws-sdk/client-ecs';
import { definitionArn, readManagedTasks, takesJobs } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { managerFamily, TAG, tagValue, toTags } from '@serverless-gitlab-runner/fleet';
import { readClusterState } from '@serverless-gitlab-runner/idle-reaper';
import type { MessageOutcome } from '@serverless-gitlab-runner/runner-launcher';
import type { EcsApi } from './ecs/simulated-ecs.ts';
import type { FamilyName } from './families.ts';
import type { InvariantName } from './invariants.ts';
import type { Overrides } from './overrides.ts';

/** A precaution that is taken away, and what must notice it. */
export interface Mutation {
  overrides: Partial<Overrides>;
  caughtIn: FamilyName;
  /** One of these. */
  by: readonly InvariantName[];
}

/** By what is wrong. */
export const mutations: Readonly<Record<string, Mutation>> = {
  'the launcher does not read again after its demand mark': {
    overrides: { launcherEcs: withoutReadingAgain },
    caughtIn: 'at the drain',
    by: ['no job waits while its fleet has room'],
  },
  'the reaper does not read again after its drain mark': {
    overrides: { reaperEcs: withoutReadingAgain },
    caughtIn: 'at the drain',
    by: ['no job waits while its fleet has room'],
  },
  'the reaper drains first and judges then': {
    overrides: { readClusterState: drainFirst },
    caughtIn: 'prompt',
    by: ['no job waits while its fleet has room', 'no busy manager is drained as idle'],
  },
  'the reaper does not look at demand': {
    overrides: { reaperEcs: (ecs) => changingTasks(ecs, (task) => withoutTag(task, TAG.demand)) },
    caughtIn: 'at the drain',
    by: ['no job waits while its fleet has room'],
  },
  'RunTask has no client token': {
    overrides: {
      launcherEcs: (ecs) => ({ ...ecs, runTask: ({ clientToken: _, ...rest }) => ecs.runTask(rest) }),
    },
    caughtIn: 'failing calls',
    by: ['the maximum is kept'],
  },
  'a lost answer is a failure, and the retry has a token of its own': {
    overrides: {
      launcherEcs: (ecs, random) => ({
        ...ecs,
        runTask: (input) => ecs.runTask({ ...input, clientToken: String(random.next()) }),
      }),
    },
    caughtIn: 'failing calls',
    by: ['the maximum is kept'],
  },
  'managers that start are not counted': {
    overrides: {
      launcherEcs: (ecs) =>
        changingTasks(ecs, (task) => (task.lastStatus === 'PROVISIONING' ? undefined : task)),
    },
    caughtIn: 'crowd',
    by: ['the maximum is kept'],
  },
  'managers that drain are counted': {
    overrides: { launcherEcs: (ecs) => changingTasks(ecs, (task) => withoutTag(task, TAG.drain)) },
    caughtIn: 'at the drain',
    by: ['no job waits while its fleet has room'],
  },
  'a drained runner is told to quit at once': {
    overrides: { nextClosingStep: () => 'quit' },
    caughtIn: 'at the drain',
    by: ['no job is given to nobody', 'no job waits while its fleet has room'],
  },
  'an idle manager is stopped instead of drained': {
    overrides: {
      reaperEcs: (ecs) => ({ ...ecs, tagResource: ({ resourceArn }) => ecs.stopTask({ task: resourceArn }) }),
    },
    caughtIn: 'at the drain, lagging',
    by: ['no manager is stopped while it has a job', 'zero tasks after quiet'],
  },
  'a drained manager is stopped whatever it runs': {
    overrides: {
      readClusterState: drainedWithoutJobs,
      reaperEcs: (ecs) => ({ ...ecs, listTasks: withoutStartedBy(ecs) }),
    },
    caughtIn: 'lifetimes',
    by: ['no manager is stopped while it has a job'],
  },
  'neither launcher nor reaper looks again at a demand that a drain crossed': {
    overrides: { readClusterState: drainedWithoutDemand, settled: withoutRechecks },
    caughtIn: 'at the drain, lagging',
    by: ['no job waits while its fleet has room'],
  },
  'neither launcher nor reaper looks again when a manager is lost': {
    overrides: { readClusterState: withoutEnded, settled: withoutRechecks },
    caughtIn: 'lost managers',
    by: ['no job waits while its fleet has room'],
  },
  'a drained manager that stays is not stopped': {
    overrides: { reaperEcs: (ecs) => ({ ...ecs, stopTask: () => ({}) }) },
    caughtIn: 'hanging managers',
    by: ['zero tasks after quiet'],
  },
  'there is no safety launch': {
    overrides: { reaperConfig: (config) => ({ ...config, safetyLaunchSeconds: 0 }) },
    caughtIn: 'lost webhooks',
    by: ['no job waits while its fleet has room'],
  },
  'orphans are told by the lists alone, whatever their age': {
    overrides: { readClusterState: orphansByLists },
    caughtIn: 'orphans',
    by: ['no job is killed'],
  },
  'the reaper stops nothing': {
    overrides: { reaperEcs: (ecs) => ({ ...ecs, stopTask: () => ({}) }) },
    caughtIn: 'orphans',
    by: ['no job task outlives its manager'],
  },
  'the maximum is not looked at': {
    overrides: {
      launcherConfig: (config) => ({ ...config, manager: { ...config.manager, max: 100 } }),
    },
    caughtIn: 'crowd',
    by: ['the maximum is kept'],
  },
  'a message whose launch failed is taken for done': {
    overrides: { keep: () => [] },
    caughtIn: 'failing calls',
    by: ['no job waits while its fleet has room'],
  },
  'a message that counts on a manager is taken for done': {
    overrides: { settled: withoutRechecks },
    caughtIn: 'burst',
    by: ['no job waits while its fleet has room'],
  },
  'nobody drains': {
    overrides: { reaperEcs: (ecs) => ({ ...ecs, tagResource: () => ({}) }) },
    caughtIn: 'prompt',
    by: ['zero tasks after quiet'],
  },
  'tasks of any family are taken for ours': {
    overrides: { reaperEcs: (ecs) => changingTasks(ecs, takenForOurs) },
    caughtIn: 'prompt',
    by: ['tasks of others are not touched'],
  },
  'tasks are known by the tags that StopTask deletes': {
    overrides: { reaperEcs: (ecs) => changingTasks(ecs, knownByTags) },
    caughtIn: 'stopped managers',
    by: ['no job is killed', 'no job waits while its fleet has room'],
  },
  'that a token was refused is not remembered': {
    overrides: {
      launcherEcs: (ecs) => changingTasks(ecs, withoutExitCode),
      reaperEcs: (ecs) => changingTasks(ecs, withoutExitCode),
    },
    caughtIn: 'refused token',
    by: ['a refused token starts no managers'],
  },
};

/** ECS whose DescribeTasks tells something else of tasks, or nothing. */
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

/** After a mark, what was known before it is told again. */
function withoutReadingAgain(ecs: EcsApi): EcsApi {
  const known = new Map<string | undefined, Task>();
  const marked = new Set<string | undefined>();
  const told = changingTasks(ecs, (task) => {
    const before = known.get(task.taskArn);
    if (before && marked.has(task.taskArn)) return before;
    known.set(task.taskArn, task);
    return task;
  });
  return {
    ...told,
    tagResource(input) {
      marked.add(input.resourceArn);
      return ecs.tagResource(input);
    },
  };
}

function withoutTag(task: Task, key: string): Task {
  return { ...task, tags: (task.tags ?? []).filter((tag) => tag.key !== key) };
}

function withoutExitCode(task: Task): Task {
  return { ...task, containers: [] };
}

function takenForOurs(task: Task): Task {
  const isOurs = tagValue(task.tags, 'role') !== undefined;
  return isOurs ? task : { ...task, taskDefinitionArn: definitionArn(managerFamily('default')) };
}

/** What a reader would make of a task that it knows by its tags only. */
function knownByTags(task: Task): Task {
  const isTagged = tagValue(task.tags, 'role') !== undefined;
  return isTagged ? task : { ...task, taskDefinitionArn: definitionArn('unknown') };
}

function withoutStartedBy(ecs: EcsApi): EcsApi['listTasks'] {
  return (input) => (input.startedBy === undefined ? ecs.listTasks(input) : { taskArns: [] });
}

type ReadWorld = typeof readClusterState;

async function drainFirst(...asked: Parameters<ReadWorld>): ReturnType<ReadWorld> {
  const { managers } = await readClusterState(...asked);
  const [ecs] = asked;
  const tags = toTags({ drain: new Date(0).toISOString() });
  for (const { taskArn: resourceArn } of managers.filter(takesJobs))
    await ecs.send(new TagResourceCommand({ resourceArn, tags }));
  return readClusterState(...asked);
}

async function drainedWithoutDemand(...asked: Parameters<ReadWorld>): ReturnType<ReadWorld> {
  const clusterState = await readClusterState(...asked);
  const managers = clusterState.managers.map((manager) =>
    manager.drainAt === undefined ? manager : { ...manager, demandAt: undefined },
  );
  return { ...clusterState, managers };
}

async function drainedWithoutJobs(...asked: Parameters<ReadWorld>): ReturnType<ReadWorld> {
  const clusterState = await readClusterState(...asked);
  const drained = new Set(
    clusterState.managers.filter(({ drainAt }) => drainAt !== undefined).map(({ taskId }) => taskId),
  );
  return {
    ...clusterState,
    jobTasks: clusterState.jobTasks.filter(({ managerTaskId = '' }) => !drained.has(managerTaskId)),
  };
}

async function withoutEnded(...asked: Parameters<ReadWorld>): ReturnType<ReadWorld> {
  const clusterState = await readClusterState(...asked);
  return { ...clusterState, managers: clusterState.managers.filter(({ state }) => state !== 'stopped') };
}

async function orphansByLists(...asked: Parameters<ReadWorld>): ReturnType<ReadWorld> {
  const [ecs, cluster] = asked;
  const clusterState = await readManagedTasks(ecs, cluster, [
    { desiredStatus: 'RUNNING' },
    { desiredStatus: 'STOPPED' },
  ]);
  const jobTasks = clusterState.jobTasks.map((task) => ({ ...task, createdAt: 0 }));
  return { ...clusterState, jobTasks };
}
