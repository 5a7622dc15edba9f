import { jobTaskFacts, managerFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideManager, lastActivityAt, type ManagerCase } from '../src/index.ts';
import { minute, now } from './support/fleets.ts';

const limits = { idleSeconds: 600, maxLifetimeSeconds: 86_400, drainGraceSeconds: 900 };
const ago = (minutes: number) => now - minutes * minute;

interface Row {
  manager?: Parameters<typeof managerFacts>[0];
  jobTasks?: Parameters<typeof jobTaskFacts>[0][];
  fleetExists?: boolean;
}

function decide({ manager = {}, jobTasks = [], fleetExists = true }: Row) {
  const facts: ManagerCase = {
    manager: managerFacts({ createdAt: ago(60), startedAt: ago(59), ...manager }),
    jobTasks: jobTasks.map((over) => jobTaskFacts({ createdAt: ago(30), ...over })),
    limits,
    fleetExists,
    now,
  };
  const decision = decideManager(facts);
  return decision.kind === 'keep' ? `keep: ${decision.because}` : `${decision.kind}: ${decision.reason}`;
}

describe('the decision on a manager', () => {
  it.each<[string, Row, string]>([
    ['idle for longer than its idle time', {}, 'drain: idle'],
    ['started within its idle time', { manager: { startedAt: ago(9) } }, 'keep: active'],
    ['exactly its idle time old', { manager: { startedAt: ago(10) } }, 'keep: active'],
    ['demand within its idle time', { manager: { demandAt: ago(9) } }, 'keep: active'],
    ['demand longer ago', { manager: { demandAt: ago(11) } }, 'drain: idle'],
    [
      'its last job task ended within its idle time',
      { jobTasks: [{ state: 'stopped', stoppedAt: ago(2) }] },
      'keep: active',
    ],
    [
      'its last job task ended longer ago',
      { jobTasks: [{ state: 'stopped', stoppedAt: ago(11) }] },
      'drain: idle',
    ],
    ['a job task runs', { jobTasks: [{ state: 'running' }] }, 'keep: has-jobs'],
    ['a job task starts', { jobTasks: [{ state: 'starting' }] }, 'keep: has-jobs'],
    ['a job task is stopping', { jobTasks: [{ state: 'stopping' }] }, 'keep: has-jobs'],
    ['past its lifetime', { manager: { startedAt: now - 86_401_000, demandAt: ago(0) } }, 'drain: lifetime'],
    [
      'exactly at the end of its lifetime',
      { manager: { startedAt: now - 86_400_000, demandAt: ago(0) } },
      'keep: active',
    ],
    [
      'past its lifetime with a job',
      { manager: { startedAt: now - 86_401_000 }, jobTasks: [{}] },
      'drain: lifetime',
    ],
    [
      'it starts',
      { manager: { state: 'starting', createdAt: ago(14), startedAt: undefined } },
      'keep: starting',
    ],
    [
      'starting for exactly 15 minutes',
      { manager: { state: 'starting', createdAt: ago(15), startedAt: undefined } },
      'keep: starting',
    ],
    [
      'starting for longer',
      { manager: { state: 'starting', createdAt: ago(16), startedAt: undefined } },
      'drain: start-overdue',
    ],
    ['its fleet was removed', { fleetExists: false, manager: { demandAt: ago(0) } }, 'drain: fleet-removed'],
    [
      'its fleet is not listed yet',
      { fleetExists: false, manager: { createdAt: ago(1), startedAt: ago(1) } },
      'keep: active',
    ],
    [
      'its fleet is not listed two minutes after its creation',
      { fleetExists: false, manager: { createdAt: ago(2), startedAt: ago(2) } },
      'keep: active',
    ],
    ['drained, with a job', { manager: { drainAt: ago(600) }, jobTasks: [{}] }, 'keep: has-jobs'],
    [
      'drained, with a job task that is stopping',
      { manager: { drainAt: ago(600) }, jobTasks: [{ state: 'stopping' }] },
      'keep: has-jobs',
    ],
    ['drained within its grace', { manager: { drainAt: ago(15) } }, 'keep: draining'],
    ['drained longer ago than its grace', { manager: { drainAt: ago(16) } }, 'stop: drain-overdue'],
    [
      'drained long ago, its last job ended within the grace',
      { manager: { drainAt: ago(60) }, jobTasks: [{ state: 'stopped', stoppedAt: ago(14) }] },
      'keep: draining',
    ],
    [
      'drained long ago, its last job ended longer ago',
      { manager: { drainAt: ago(60) }, jobTasks: [{ state: 'stopped', stoppedAt: ago(16) }] },
      'stop: drain-overdue',
    ],
    [
      'drained before it ran',
      { manager: { state: 'starting', startedAt: undefined, drainAt: ago(16) } },
      'stop: drain-overdue',
    ],
    ['it stops', { manager: { state: 'stopping' } }, 'keep: ended'],
    ['it has stopped', { manager: { state: 'stopped', drainAt: ago(60) } }, 'keep: ended'],
    ['ECS returns no times', { manager: { createdAt: undefined, startedAt: undefined } }, 'keep: active'],
  ])('%s', (_title, row, expected) => {
    expect(decide(row)).toBe(expected);
  });

  it('contains the idle time', () => {
    const manager = managerFacts({ createdAt: ago(60), startedAt: ago(59), demandAt: ago(20) });
    expect(decideManager({ manager, jobTasks: [], limits, fleetExists: true, now })).toEqual({
      kind: 'drain',
      reason: 'idle',
      lastActivityAt: ago(20),
      idleSeconds: 1200,
    });
    expect(lastActivityAt({ manager, jobTasks: [], now })).toBe(ago(20));
  });

  it('is never to stop a manager with a live job task, or one that was not drained', () => {
    const time = fc.integer({ min: 0, max: now });
    const anyTask = fc.record({
      state: fc.constantFrom('starting', 'running', 'stopping', 'stopped'),
      stoppedAt: fc.option(time, { nil: undefined }),
    });
    const anyManager = fc.record({
      state: fc.constantFrom('starting', 'running', 'stopping', 'stopped'),
      createdAt: time,
      startedAt: fc.option(time, { nil: undefined }),
      demandAt: fc.option(time, { nil: undefined }),
      drainAt: fc.option(time, { nil: undefined }),
    });
    fc.assert(
      fc.property(
        anyManager,
        fc.array(anyTask, { maxLength: 4 }),
        fc.boolean(),
        (manager, tasks, fleetExists) => {
          const jobTasks = tasks.map((over) => jobTaskFacts(over));
          const decision = decideManager({
            manager: managerFacts(manager),
            jobTasks,
            limits,
            fleetExists,
            now,
          });
          if (decision.kind !== 'stop') return;
          expect(manager.drainAt).toBeDefined();
          expect(tasks.every(({ state }) => state === 'stopped')).toBe(true);
        },
      ),
    );
  });
});
