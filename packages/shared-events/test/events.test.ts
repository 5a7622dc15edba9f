import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { schemaFiles } from '../scripts/schemas.ts';
import {
  buildEntry,
  type EventEntry,
  eventNames,
  eventSchemas,
  InvalidEventError,
  isEventName,
  parseEvent,
  UnreadableEventError,
} from '../src/index.ts';

const occurredAt = '2026-11-23T10:00:00.000Z';
const taskArn = 'arn:aws:ecs:eu-west-1:111122223333:task/cluster/0123456789abcdef0123456789abcdef';
const base = { fleet: 'default', occurredAt };
const job = {
  instance: 'https://gitlab.example.com',
  projectId: 380,
  projectPath: 'gitlab-org/gitlab-test',
  pipelineId: 2366,
  jobId: 1977,
  jobName: 'test',
};
const jobTask = {
  ...job,
  taskArn,
  managerTaskArn: taskArn,
  image: 'debian:bookworm-slim',
  cpu: 1024,
  memory: 2048,
  architecture: 'X86_64' as const,
  capacityProvider: 'FARGATE_SPOT',
};

/** One event of each name, with every optional field. */
const samples: EventEntry[] = [
  buildEntry('bus', 'JobQueued', {
    ...base,
    ...job,
    stage: 'test',
    ref: 'main',
    runnerTokenParameter: '/p/fleets/default/runner-tokens/abc',
  }),
  buildEntry('bus', 'JobFinished', {
    ...base,
    ...job,
    status: 'failed',
    failureReason: 'script_failure',
    startedAt: occurredAt,
    finishedAt: occurredAt,
    durationSeconds: 1.5,
  }),
  buildEntry('bus', 'ManagerRequested', {
    ...base,
    cause: 'manager-lost',
    managerTaskArn: taskArn,
  }),
  buildEntry('bus', 'ManagerLaunched', {
    ...base,
    managerTaskArn: taskArn,
    capacityProvider: 'FARGATE',
    causeEventId: 'id',
  }),
  buildEntry('bus', 'ManagerLaunchFailed', {
    ...base,
    reason: 'no-capacity',
    message: 'Fargate has no capacity.',
    final: false,
    causeEventId: 'id',
  }),
  buildEntry('bus', 'ManagerDraining', {
    ...base,
    managerTaskArn: taskArn,
    reason: 'idle',
    idleSeconds: 301,
    lastActivityAt: occurredAt,
  }),
  buildEntry('bus', 'ManagerStopped', { ...base, managerTaskArn: taskArn, reason: 'drained', seconds: 600 }),
  buildEntry('bus', 'JobTaskStarted', { ...base, ...jobTask, secondsToStart: 31.2 }),
  buildEntry('bus', 'JobTaskFinished', {
    ...base,
    ...jobTask,
    outcome: 'completed',
    seconds: 90,
    estimatedCostUsd: 0.0004,
  }),
  buildEntry('bus', 'AheadTaskStopped', {
    fleet: base.fleet,
    occurredAt: base.occurredAt,
    projectId: 3,
    jobName: 'deploy',
    taskArn: jobTask.taskArn,
    managerTaskArn: jobTask.managerTaskArn,
    image: 'alpine:3',
    cpu: 1024,
    memory: 2048,
    architecture: 'X86_64',
    capacityProvider: 'FARGATE',
    seconds: 61,
    estimatedCostUsd: 0.0002,
  }),
];

/** The event as a target receives it. */
function delivered(entry: EventEntry, change: (detail: Record<string, unknown>) => void = () => {}) {
  const detail = JSON.parse(entry.Detail);
  change(detail);
  return {
    id: 'event-id',
    source: entry.Source,
    'detail-type': entry.DetailType,
    time: '2026-11-23T10:00:01Z',
    account: '111122223333',
    region: 'eu-west-1',
    resources: [],
    detail,
  };
}

/** Fields of an event whose values are enumerated. */
function enumerations(name: keyof typeof eventSchemas): string[] {
  const fields = Object.entries<z.core.$ZodType>(eventSchemas[name].shape);
  return fields.filter(([, field]) => field instanceof z.ZodEnum).map(([field]) => field);
}

function readSchemaFile(path: string): z.core.JSONSchema.JSONSchema {
  return JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'));
}

const openApi = z.object({
  components: z.object({
    schemas: z.record(
      z.string(),
      z.looseObject({ properties: z.record(z.string(), z.unknown()).optional() }),
    ),
  }),
});

it('every event has a sample', () => {
  expect(samples.map(({ DetailType }) => DetailType).toSorted()).toEqual([...eventNames].toSorted());
});

describe.each(samples.map((entry) => [entry.DetailType, entry] as const))('%s', (name, entry) => {
  it('is read as it was built', () => {
    const event = parseEvent(delivered(entry));
    expect(event).toEqual({
      name,
      id: 'event-id',
      time: '2026-11-23T10:00:01Z',
      detail: JSON.parse(entry.Detail),
    });
    expect(entry).toMatchObject({
      EventBusName: 'bus',
      Source: 'serverless-gitlab-runner',
      Time: new Date(occurredAt),
    });
  });

  it('is read by a consumer of version 1 without the fields that were added later', () => {
    const grown = delivered(entry, (detail) =>
      Object.assign(detail, { moonPhase: 'full', nested: { a: 1 } }),
    );
    expect(parseEvent(grown).detail).toEqual(JSON.parse(entry.Detail));
  });

  it('is refused when a field is missing, which the message names', () => {
    const broken = delivered(entry, (detail) => delete detail.fleet);
    expect(() => parseEvent(broken)).toThrow(/: fleet: /);
  });

  it('is refused with another version', () => {
    expect(() => parseEvent(delivered(entry, (detail) => Object.assign(detail, { version: 2 })))).toThrow(
      UnreadableEventError,
    );
  });

  it('is read with values of enumerations that were added later', () => {
    const grown = delivered(entry, (detail) => {
      for (const field of enumerations(name)) detail[field] = 'added-later';
    });
    expect(parseEvent(grown).detail).toEqual(grown.detail);
  });

  it('has a JSON Schema that accepts it, also from a newer producer, but not without a field', () => {
    const schema = z.fromJSONSchema(readSchemaFile(`schemas/${name}.json`));
    const detail = JSON.parse(entry.Detail);
    const later = Object.fromEntries(enumerations(name).map((field) => [field, 'added-later']));
    expect(schema.safeParse(detail)).toMatchObject({ success: true });
    expect(schema.safeParse({ ...detail, ...later, moonPhase: 'full' })).toMatchObject({ success: true });
    expect(schema.safeParse({ ...detail, fleet: undefined })).toMatchObject({ success: false });
  });

  it('has a title, and describes the event and each field', () => {
    const { $id, title, description, properties = {} } = readSchemaFile(`schemas/${name}.json`);
    expect({ $id, title }).toEqual({
      $id: `https://unpkg.com/@serverless-gitlab-runner/shared-events/schemas/${name}.json`,
      title: name,
    });
    const texts = Object.values(properties).map((property) => Object(property).description);
    for (const text of [description, ...texts]) expect(text).toMatch(/^[A-Z`].*[.`]$/);
  });
});

describe('the published schemas', () => {
  it('are current: `npm run export-schemas -w packages/shared-events` writes them', () => {
    const root = fileURLToPath(new URL('..', import.meta.url));
    const expected = schemaFiles();
    expect(globSync('schemas/**/*.json', { cwd: root }).toSorted()).toEqual([...expected.keys()].toSorted());
    for (const [path, content] of expected) expect(readSchemaFile(path), path).toEqual(content);
  });

  it('for the schema registry have the whole event, with known values that may grow', () => {
    const { components } = openApi.parse(readSchemaFile('schemas/openapi/JobFinished.json'));
    const { AWSEvent, JobFinished } = components.schemas;
    expect(AWSEvent).toMatchObject({
      'x-amazon-events-source': 'serverless-gitlab-runner',
      'x-amazon-events-detail-type': 'JobFinished',
      properties: { detail: { $ref: '#/components/schemas/JobFinished' } },
    });
    expect(JobFinished?.properties?.status).toMatchObject({
      type: 'string',
      'x-extensible-enum': ['success', 'failed', 'canceled'],
    });
    expect(JobFinished?.properties?.status).not.toHaveProperty('enum');
  });
});

describe('an event that the schema refuses', () => {
  const queued = { ...base, ...job };
  it.each([
    ['an unknown field', { ...queued, runnerToken: 'glrt-secret' }, 'runnerToken'],
    ['an invalid fleet name', { ...queued, fleet: 'No Fleet' }, 'fleet'],
    ['an invalid time', { ...queued, occurredAt: 'now' }, 'occurredAt'],
    ['an id that is not a number', { ...queued, jobId: Number.NaN }, 'jobId'],
    ['an instance that is not a URL', { ...queued, instance: 'gitlab' }, 'instance'],
    ['an invalid parameter name', { ...queued, runnerTokenParameter: 'glrt-secret' }, 'runnerTokenParameter'],
  ])('is not built with %s', (_title, detail, field) => {
    expect(() => buildEntry('bus', 'JobQueued', detail)).toThrow(InvalidEventError);
    expect(() => buildEntry('bus', 'JobQueued', detail)).toThrow(field);
  });

  it('is not built with an unknown value of an enumeration', () => {
    const detail = { ...queued, status: 'skipped' as 'success' };
    expect(() => buildEntry('bus', 'JobFinished', detail)).toThrow(/at status/);
  });

  it('does not have its values in the message', () => {
    const detail = { ...queued, runnerTokenParameter: 'glrt-planted' };
    expect(() => buildEntry('bus', 'JobQueued', detail)).toThrow(expect.not.stringContaining('glrt-planted'));
  });
});

describe('an unreadable event', () => {
  const [sample] = samples.map((entry) => delivered(entry));
  it.each([
    ['nothing', undefined],
    ['text', 'event'],
    ['an envelope without a source', { id: '1', 'detail-type': 'JobQueued', time: 'x', detail: {} }],
    ['another source', { ...sample, source: 'aws.ecs' }],
    ['an unknown name', { ...sample, 'detail-type': 'JobStolen' }],
    ['a name that every object has', { ...sample, 'detail-type': 'constructor' }],
  ])('is refused: %s', (_title, value) => {
    expect(() => parseEvent(value)).toThrow(UnreadableEventError);
  });

  it('can be recognized by its name', () => {
    expect(isEventName('JobQueued')).toBe(true);
    expect(isEventName('toString')).toBe(false);
    expect(Object.keys(eventSchemas)).toHaveLength(10);
  });
});
