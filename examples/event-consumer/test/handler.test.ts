import { buildEntry, type NewEventDetail } from '@serverless-gitlab-runner/shared-events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { handler } from '../src/index.ts';

const taskArn = 'arn:aws:ecs:eu-west-1:111122223333:task/cluster/0123456789abcdef0123456789abcdef';
const finished = {
  fleet: 'default',
  occurredAt: '2026-11-23T10:00:00.000Z',
  instance: 'https://gitlab.example.com',
  projectId: 380,
  projectPath: 'group/project',
  pipelineId: 2366,
  jobId: 1977,
  jobName: 'test',
  taskArn,
  managerTaskArn: taskArn,
  image: 'debian:bookworm-slim',
  cpu: 1024,
  memory: 2048,
  architecture: 'X86_64' as const,
  capacityProvider: 'FARGATE_SPOT',
  outcome: 'completed' as const,
  seconds: 90,
  estimatedCostUsd: 0.00037,
};

type Overrides = Partial<NewEventDetail<'JobTaskFinished'>>;

/** The event as delivered by a rule. */
function delivered(over: Overrides = {}, added: object = {}) {
  const entry = buildEntry('bus', 'JobTaskFinished', { ...finished, ...over });
  const detail = { ...JSON.parse(entry.Detail), ...added };
  return {
    id: 'id',
    source: entry.Source,
    'detail-type': entry.DetailType,
    time: '2026-11-23T10:00:01Z',
    detail,
  };
}

beforeEach(() => {
  vi.spyOn(console, 'log').mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe('the cost line of a job', () => {
  it('is logged', async () => {
    const line = '2026-11-23T10:00:00.000Z,group/project,test,debian:bookworm-slim,90.0,0.000370';
    expect(await handler(delivered())).toBe(line);
    expect(console.log).toHaveBeenCalledExactlyOnceWith(line);
  });

  it.each<[string, Overrides, string]>([
    ['a job name with commas and quotes', { jobName: 'test "unit", all' }, '"test ""unit"", all"'],
    ['a project without a path', { projectPath: undefined }, ',380,'],
  ])('is valid CSV for %s', async (_title, over, expected) => {
    expect(await handler(delivered(over))).toContain(expected);
  });

  it('does not change when fields are added to the event', async () => {
    expect(await handler(delivered({}, { carbonGrams: 7 }))).toBe(await handler(delivered()));
  });
});

describe('any other event', () => {
  it('is ignored if it is from this project', async () => {
    const { fleet, occurredAt } = finished;
    const entry = buildEntry('bus', 'ManagerStopped', {
      fleet,
      occurredAt,
      managerTaskArn: taskArn,
      reason: 'drained',
    });
    const event = { ...delivered(), 'detail-type': entry.DetailType, detail: JSON.parse(entry.Detail) };
    expect(await handler(event)).toBeUndefined();
    expect(console.log).not.toHaveBeenCalled();
  });

  it('fails the invocation if it is from another source, so that the rule’s pattern gets corrected', async () => {
    await expect(handler({ ...delivered(), source: 'aws.ecs' })).rejects.toThrow("check the rule's pattern");
  });
});
