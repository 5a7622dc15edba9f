import { readManagedTasks } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { type FleetConfigInput, parseFleetConfig, toTags } from '@serverless-gitlab-runner/fleet';
import { buildEntry, type EventEntry, type NewEventDetail } from '@serverless-gitlab-runner/shared-events';
import {
  type BatchDeps,
  createCapacityMemory,
  createExpectedJobs,
  createStartedJobs,
  type processBatch,
} from '../../src/index.ts';
import type { Message } from '../../src/read-messages.ts';
import { createFakeEcs } from './fake-ecs.ts';

const START = Date.parse('2026-11-23T10:00:00.000Z');

/** A fleet's document as stored in SSM. */
export function fleetDocument(manager: FleetConfigInput['manager'] = {}): string {
  return JSON.stringify({
    version: 1,
    name: 'default',
    manager,
    network: {
      subnets: ['subnet-1'],
      managerSecurityGroups: ['sg-m'],
      jobSecurityGroups: ['sg-j'],
    },
  });
}

/** A launcher with a fake ECS, no network, and a clock that only `sleep` and the test advance. */
export function createLauncher(manager: FleetConfigInput['manager'] = {}) {
  let now = START;
  const timing = {
    now: () => now,
    random: () => 1,
    sleep: async (milliseconds: number) => {
      now += milliseconds;
    },
  };
  const ecs = createFakeEcs(timing.now);
  const published: EventEntry[] = [];
  const config = parseFleetConfig('/p/fleets/default/config', fleetDocument(manager));
  const deps: BatchDeps = {
    ecs: ecs.client,
    cluster: 'cluster',
    parameterPrefix: '/p',
    eventBusName: 'bus',
    timing,
    capacity: createCapacityMemory(timing.now),
    expectedJobs: createExpectedJobs(timing.now),
    startedJobs: createStartedJobs(),
    readFleet: async () => ({ config }),
    readClusterState: () => readManagedTasks(ecs.client, 'cluster', [{ desiredStatus: 'RUNNING' }]),
    checkLaunchAllowed: async () => undefined,
    publish: async (build) => {
      published.push(...build());
    },
    log: () => {},
  };
  return {
    ecs,
    deps,
    published,
    /** Details of the published events of a name. */
    events: (name: string) =>
      published.filter(({ DetailType }) => DetailType === name).map(({ Detail }) => JSON.parse(Detail)),
    advance: (seconds: number) => {
      now += seconds * 1000;
    },
    now: timing.now,
  };
}

function message(entry: EventEntry, id: string): Message {
  const body = JSON.stringify({
    id,
    source: entry.Source,
    'detail-type': entry.DetailType,
    time: entry.Time.toISOString(),
    detail: JSON.parse(entry.Detail),
  });
  return { messageId: `m-${id}`, receiptHandle: `r-${id}`, receiveCount: 1, body };
}

/** A message for a queued job. */
export function queued(jobId: number, over: Partial<NewEventDetail<'JobQueued'>> = {}): Message {
  const entry = buildEntry('bus', 'JobQueued', {
    fleet: 'default',
    occurredAt: new Date(START + jobId).toISOString(),
    instance: 'https://gitlab.com',
    projectId: 1,
    pipelineId: 2,
    jobId,
    jobName: 'test',
    ...over,
  });
  return message(entry, `e${jobId}`);
}

/** A message that asks for a manager. */
export function requested(id: string): Message {
  const entry = buildEntry('bus', 'ManagerRequested', {
    fleet: 'default',
    occurredAt: new Date(START).toISOString(),
    cause: 'safety-launch',
  });
  return message(entry, id);
}

/** An error as AWS's SDK throws it. */
export const named = (name: string, message = 'said so') => Object.assign(new Error(message), { name });

/** Tags of the manager in slot 1. */
export const managerTags = (over: Parameters<typeof toTags>[0] = {}) =>
  toTags({ role: 'manager', fleet: 'default', slot: '1', ...over });

/** The outcome of each message in short; an assigned job's message is checked again. */
export const kinds = (settled: Awaited<ReturnType<typeof processBatch>>) =>
  settled.map(({ outcome }) =>
    'because' in outcome ? outcome.because : `${outcome.kind} ${outcome.reason}`,
  );
