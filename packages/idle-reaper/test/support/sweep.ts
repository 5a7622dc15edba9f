import {
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  StopTaskCommand,
  TagResourceCommand,
} from '@aws-sdk/client-ecs';
import {
  definitionArn,
  isAlive,
  type jobTaskFacts,
  managerFacts,
  taskIdNumber,
} from '@serverless-gitlab-runner/aws/ecs-tasks';
import { familyOf, managerFamily, toTags } from '@serverless-gitlab-runner/fleet';
import type { EventEntry } from '@serverless-gitlab-runner/shared-events';
import { mockClient } from 'aws-sdk-client-mock';
import type { DefinitionFacts } from '../../src/decide-definition.ts';
import type { ParameterFacts } from '../../src/decide-runner-token.ts';
import type { JobSecretFacts } from '../../src/decide-secret.ts';
import type { SweepDeps } from '../../src/sweep-state.ts';
import { fleetFacts, minute, now } from './fleets.ts';

export const ecs = mockClient(ECSClient);
export const ago = (minutes: number) => now - minutes * minute;
export const iso = (time: number) => new Date(time).toISOString();
export const named = (name: string) => Object.assign(new Error('said so'), { name });

/** A manager that has been idle for twenty minutes. */
export const idle = (number: number, over: Parameters<typeof managerFacts>[0] = {}) =>
  managerFacts({
    taskId: taskIdNumber(number),
    createdAt: ago(60),
    startedAt: ago(59),
    demandAt: ago(20),
    ...over,
  });
/** A fleet without safety launches. */
export const quiet = fleetFacts({}, { manager: { idleSeconds: 600 }, safetyLaunchSeconds: 0 });

/** The dependencies of a sweep over this cluster state, with the published events and log lines. */
export function deps(clusterState: {
  managers?: ReturnType<typeof idle>[];
  jobTasks?: ReturnType<typeof jobTaskFacts>[];
  secrets?: JobSecretFacts[];
  parameters?: ParameterFacts[];
  definitions?: DefinitionFacts[];
}) {
  const { secrets = [], definitions = [], ...tasks } = clusterState;
  let endedWasRead = 0;
  const published: EventEntry[] = [];
  const lines: Record<string, unknown>[] = [];
  const all: SweepDeps = {
    ecs: new ECSClient({ region: 'eu-west-1' }),
    cluster: 'cluster',
    eventBusName: 'bus',
    readClusterState: async () => ({
      managers: tasks.managers ?? [],
      jobTasks: (tasks.jobTasks ?? []).filter(isAlive),
    }),
    readEndedTasks: async () => {
      endedWasRead += 1;
      return { jobTasks: (tasks.jobTasks ?? []).filter((task) => !isAlive(task)) };
    },
    readFleets: async () => ({
      fleets: new Map([['default', quiet]]),
      parameters: clusterState.parameters ?? [],
    }),
    secrets: { isDue: () => true, list: async () => secrets, remove: async () => true },
    parameterPrefix: '/p',
    tokens: { isDue: () => true, remove: async (names) => [...names] },
    definitions: {
      isDue: () => true,
      families: async () => definitions.map(({ arn }) => familyOf(arn)),
      newest: async (family) => definitions.find(({ arn }) => familyOf(arn) === family),
      deregister: async () => {},
    },
    publish: async (entries) => {
      published.push(...entries);
    },
    now: () => now,
    random: () => 0,
    log: (message, fields) => lines.push({ message, ...fields }),
  };
  const events = () =>
    published.map(({ DetailType, Detail }) => ({ name: DetailType, ...JSON.parse(Detail) }));
  return { all, events, lines, endedWasRead: () => endedWasRead };
}

/** Sets what ECS returns when the manager is read again after the mark. */
export function readAgain({ taskArn }: ReturnType<typeof idle>, demandAt: number) {
  const tags = toTags({ role: 'manager', fleet: 'default', demand: iso(demandAt), drain: iso(now) });
  const startedAt = new Date(ago(59));
  const taskDefinitionArn = definitionArn(managerFamily('default'));
  ecs
    .on(DescribeTasksCommand)
    .resolves({ tasks: [{ taskArn, taskDefinitionArn, lastStatus: 'RUNNING', startedAt, tags }] });
}

/** Resets ECS to an empty cluster that accepts every call. */
export function resetEcs(): void {
  ecs.reset();
  ecs.on(TagResourceCommand).resolves({});
  ecs.on(StopTaskCommand).resolves({});
  ecs.on(DescribeTasksCommand).resolves({ tasks: [] });
  ecs.on(ListTasksCommand).resolves({ taskArns: [] });
}
