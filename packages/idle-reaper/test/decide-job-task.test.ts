import { jobTaskFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { describe, expect, it } from 'vitest';
import { decideJobTask } from '../src/index.ts';
import { minute, now } from './support/fleets.ts';

const owners = {
  running: { state: 'running' },
  stopping: { state: 'stopping' },
  stopped: { state: 'stopped' },
  unknown: undefined,
} as const;

describe('a job task', () => {
  it.each([
    ['its manager runs', 10, 'running', 'running', 'keep'],
    ['its manager is stopping and may still work on it', 10, 'running', 'stopping', 'keep'],
    ['its manager has stopped', 0, 'running', 'stopped', 'orphaned'],
    ['its manager has stopped while it started', 0, 'starting', 'stopped', 'orphaned'],
    ['ECS does not list its manager yet', 2, 'running', 'unknown', 'keep'],
    ['ECS does not know its manager', 3, 'running', 'unknown', 'orphaned'],
    ['past its lifetime', 241, 'running', 'running', 'lifetime'],
    ['exactly at the end of its lifetime', 240, 'running', 'running', 'keep'],
    ['it is already stopping', 241, 'stopping', 'stopped', 'keep'],
    ['it has stopped', 241, 'stopped', 'unknown', 'keep'],
  ] as const)('%s (%i minutes old)', (_title, minutes, state, owner, expected) => {
    const jobTask = jobTaskFacts({ state, createdAt: now - minutes * minute });
    const decision = decideJobTask({ jobTask, owner: owners[owner], maxLifetimeSeconds: 14_400, now });
    expect(decision.kind === 'stop' ? decision.reason : decision.kind).toBe(expected);
  });

  it.each([
    ['in time', 0, 'keep'],
    ['two minutes late, since a claim may not be known yet', 120_000, 'keep'],
    ['later', 120_001, 'claim-overdue'],
  ] as const)('that was started ahead and not claimed, %s', (_title, late, expected) => {
    const jobTask = jobTaskFacts({ createdAt: now - minute, unclaimedUntil: now - late });
    const decision = decideJobTask({ jobTask, owner: owners.running, maxLifetimeSeconds: 14_400, now });
    expect(decision.kind === 'stop' ? decision.reason : decision.kind).toBe(expected);
  });

  it('is kept when ECS returns no time', () => {
    const jobTask = jobTaskFacts({ createdAt: undefined });
    expect(decideJobTask({ jobTask, owner: undefined, maxLifetimeSeconds: 1, now })).toEqual({
      kind: 'keep',
    });
  });
});
