import { jobTaskFacts, managerFacts, taskIdNumber } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { describe, expect, it } from 'vitest';
import { decideReplacement, type FleetFacts } from '../src/index.ts';
import { fleetFacts, minute, now } from './support/fleets.ts';

const ago = (minutes: number) => now - minutes * minute;

interface Row {
  manager?: Parameters<typeof managerFacts>[0];
  jobTasks?: Parameters<typeof jobTaskFacts>[0][];
  others?: Parameters<typeof managerFacts>[0][];
  fleet?: FleetFacts | undefined;
}

function decide({ manager: over = {}, jobTasks = [], others = [], ...rest }: Row) {
  const manager = managerFacts({ createdAt: ago(60), startedAt: ago(59), demandAt: ago(60), ...over });
  const managers = [
    manager,
    ...others.map((other, index) =>
      managerFacts({ taskId: taskIdNumber(index + 2), createdAt: ago(60), startedAt: ago(59), ...other }),
    ),
  ];
  const decision = decideReplacement({
    manager,
    managers,
    jobTasks: jobTasks.map((task) => jobTaskFacts(task)),
    fleet: 'fleet' in rest ? rest.fleet : fleetFacts(),
    now,
  });
  return decision.kind === 'none' ? decision.because : decision.cause;
}

const lost = { state: 'stopped', stoppedAt: ago(1), demandAt: ago(2) } as const;
const refused = { state: 'stopped', stoppedAt: ago(1), demandAt: ago(2), exitCode: 78 } as const;

describe('the replacement of a manager', () => {
  it.each<[string, Row, string]>([
    ['it takes jobs', {}, 'takes-jobs'],
    ['drained idle', { manager: { drainAt: ago(1), demandAt: ago(12) } }, 'not-needed'],
    [
      'drained exactly at the end of its idle time',
      { manager: { drainAt: ago(1), demandAt: ago(11) } },
      'not-needed',
    ],
    [
      'demand just before the drain',
      { manager: { drainAt: ago(1), demandAt: ago(1) - 1 } },
      'demand-during-drain',
    ],
    ['demand after the drain', { manager: { drainAt: ago(2), demandAt: ago(1) } }, 'demand-during-drain'],
    [
      'demand after the drain, and the manager has ended',
      { manager: { state: 'stopped', stoppedAt: ago(0), drainAt: ago(2), demandAt: ago(1) } },
      'demand-during-drain',
    ],
    [
      'drained for its age, with demand some time before',
      { manager: { drainAt: ago(1), demandAt: ago(9) } },
      'demand-during-drain',
    ],
    [
      'drained without ever having run',
      {
        manager: {
          state: 'starting',
          startedAt: undefined,
          createdAt: ago(16),
          demandAt: ago(16),
          drainAt: ago(0),
        },
      },
      'demand-during-drain',
    ],
    [
      'drained before it started to run',
      { manager: { startedAt: ago(0), createdAt: ago(18), demandAt: ago(18), drainAt: ago(2) } },
      'demand-during-drain',
    ],
    [
      'drained at the moment it started to run',
      { manager: { startedAt: ago(2), createdAt: ago(18), demandAt: ago(18), drainAt: ago(2) } },
      'not-needed',
    ],
    [
      'drained without ever having run, and without a demand',
      { manager: { state: 'starting', startedAt: undefined, demandAt: undefined, drainAt: ago(1) } },
      'not-needed',
    ],
    ['drained, and finishing its job', { manager: { drainAt: ago(20) }, jobTasks: [{}] }, 'not-needed'],
    [
      'drained, and ended without a live job task',
      {
        manager: { state: 'stopped', stoppedAt: ago(1), drainAt: ago(20) },
        jobTasks: [{ state: 'stopped' }],
      },
      'not-needed',
    ],
    [
      'drained, and ended without ever having had a job task',
      { manager: { state: 'stopped', stoppedAt: ago(1), drainAt: ago(20) } },
      'not-needed',
    ],
    [
      'drained, and ended with one of its job tasks alive',
      {
        manager: { state: 'stopped', stoppedAt: ago(1), drainAt: ago(20) },
        jobTasks: [{ state: 'stopped' }, {}],
      },
      'manager-lost',
    ],
    [
      'drained without ever having had demand',
      { manager: { drainAt: ago(1), demandAt: undefined } },
      'not-needed',
    ],
    [
      'drained, and ended with a live job task',
      { manager: { state: 'stopped', stoppedAt: ago(1), drainAt: ago(20) }, jobTasks: [{}] },
      'manager-lost',
    ],
    ['a successor runs', { manager: { drainAt: ago(2), demandAt: ago(1) }, others: [{}] }, 'replaced'],
    [
      'a successor was created while it finished its jobs, and has ended',
      {
        manager: { ...lost, stoppingAt: ago(4) },
        others: [{ state: 'stopped', createdAt: ago(3), drainAt: ago(2.5), stoppedAt: ago(2) }],
      },
      'replaced',
    ],
    ['a successor starts', { manager: lost, others: [{ state: 'starting', createdAt: ago(0) }] }, 'replaced'],
    [
      'a successor has started and ended',
      {
        manager: { drainAt: ago(5), demandAt: ago(5) },
        others: [{ createdAt: ago(4), state: 'stopped', stoppedAt: ago(1), drainAt: ago(2) }],
      },
      'replaced',
    ],
    [
      'another manager was created at the moment of the drain, and has ended',
      {
        manager: { drainAt: ago(4), demandAt: ago(4) },
        others: [{ createdAt: ago(4), state: 'stopped', stoppedAt: ago(1), drainAt: ago(2) }],
      },
      'demand-during-drain',
    ],
    [
      'the other manager is drained too',
      { manager: { drainAt: ago(2), demandAt: ago(1) }, others: [{ drainAt: ago(3) }] },
      'demand-during-drain',
    ],
    [
      'the other manager has another token',
      { manager: lost, others: [{ runnerTokenParameter: '/t' }] },
      'manager-lost',
    ],
    [
      'the other manager belongs to another fleet',
      { manager: lost, others: [{ fleet: 'other' }] },
      'manager-lost',
    ],
    ['it is stopping', { manager: { state: 'stopping', demandAt: ago(1) } }, 'not-needed'],
    [
      'it died before it took its first job',
      { manager: { ...lost, demandAt: ago(50), startedAt: undefined } },
      'manager-lost',
    ],
    [
      'it died with demand after its last job task',
      {
        manager: { ...lost, demandAt: ago(30) },
        jobTasks: [{ state: 'stopped', createdAt: ago(31), stoppedAt: ago(30) }],
      },
      'manager-lost',
    ],
    [
      'it died soon after a demand',
      {
        manager: { ...lost, demandAt: ago(9) },
        jobTasks: [{ state: 'stopped', createdAt: ago(8), stoppedAt: ago(5) }],
      },
      'manager-lost',
    ],
    [
      'it died without demand since its last job task',
      {
        manager: { ...lost, demandAt: ago(30) },
        jobTasks: [{ state: 'stopped', createdAt: ago(30), stoppedAt: ago(29) }],
      },
      'not-needed',
    ],
    [
      'it died exactly its idle time after a demand',
      {
        manager: { ...lost, demandAt: ago(11) },
        jobTasks: [{ state: 'stopped', createdAt: ago(10), stoppedAt: ago(5) }],
      },
      'not-needed',
    ],
    [
      'it died with one of its jobs running',
      {
        manager: { ...lost, demandAt: ago(40) },
        jobTasks: [{ createdAt: ago(39) }, { state: 'stopped', createdAt: ago(39), stoppedAt: ago(30) }],
      },
      'manager-lost',
    ],
    [
      'it died with a job running',
      { manager: { ...lost, demandAt: ago(40) }, jobTasks: [{ createdAt: ago(39) }] },
      'manager-lost',
    ],
    [
      'it died, and its job task was stopped after it',
      {
        manager: { ...lost, stoppingAt: ago(2), demandAt: ago(40) },
        jobTasks: [{ createdAt: ago(39), state: 'stopped', stoppingAt: ago(1), stoppedAt: ago(0) }],
      },
      'manager-lost',
    ],
    [
      'it exited after its job task had stopped',
      {
        manager: { ...lost, stoppingAt: ago(2), demandAt: ago(40) },
        jobTasks: [{ createdAt: ago(39), state: 'stopped', stoppingAt: ago(3), stoppedAt: ago(1) }],
      },
      'not-needed',
    ],
    [
      'it died right after the end of a job, while another job may have waited for its capacity',
      {
        manager: { ...lost, stoppingAt: ago(2), demandAt: ago(40) },
        jobTasks: [{ createdAt: ago(39), state: 'stopped', stoppingAt: ago(2.1), stoppedAt: ago(1) }],
      },
      'manager-lost',
    ],
    [
      'it died 15 seconds after the end of a job',
      {
        manager: { ...lost, stoppingAt: ago(2), demandAt: ago(40) },
        jobTasks: [{ createdAt: ago(39), state: 'stopped', stoppingAt: ago(2.25), stoppedAt: ago(1) }],
      },
      'not-needed',
    ],
    [
      'it died idle',
      {
        manager: { ...lost, demandAt: ago(40) },
        jobTasks: [{ state: 'stopped', createdAt: ago(39), stoppedAt: ago(30) }],
      },
      'not-needed',
    ],
    [
      'it died more than an hour ago',
      { manager: { ...lost, stoppedAt: ago(61), demandAt: ago(62) } },
      'not-needed',
    ],
    [
      'it died exactly an hour ago',
      { manager: { ...lost, stoppedAt: ago(60), demandAt: ago(61) } },
      'manager-lost',
    ],
    ['its fleet was removed', { manager: lost, fleet: undefined }, 'fleet-removed'],
    ['GitLab refused its token', { manager: refused }, 'token-refused'],
    [
      'GitLab refused the same token of another manager',
      { manager: lost, others: [refused] },
      'token-refused',
    ],
    [
      'the fleet was written since',
      { manager: refused, fleet: fleetFacts({ configChangedAt: ago(0) }) },
      'manager-lost',
    ],
    [
      'the fleet was written at the moment the manager read it',
      { manager: refused, fleet: fleetFacts({ configChangedAt: ago(59) }) },
      'token-refused',
    ],
    [
      'the token was written since',
      {
        manager: refused,
        fleet: fleetFacts({ tokensChangedAt: new Map([['/p/fleets/default/runner-token', ago(0)]]) }),
      },
      'manager-lost',
    ],
    [
      'another token was written since',
      { manager: refused, fleet: fleetFacts({ tokensChangedAt: new Map([['/other', ago(0)]]) }) },
      'token-refused',
    ],
    [
      'managers keep dying, and the second replacement waits a minute',
      {
        manager: { ...lost, stoppedAt: ago(0.5) },
        others: [{ state: 'stopped', stoppedAt: ago(10), createdAt: ago(20) }],
      },
      'not-now',
    ],
    [
      'managers keep dying, and the minute is over',
      {
        manager: { ...lost, stoppedAt: ago(1) },
        others: [{ state: 'stopped', stoppedAt: ago(10), createdAt: ago(20) }],
      },
      'manager-lost',
    ],
    [
      'drained managers do not count as failures',
      {
        manager: { ...lost, stoppedAt: ago(0.5) },
        others: [{ state: 'stopped', stoppedAt: ago(10), drainAt: ago(12) }],
      },
      'manager-lost',
    ],
    [
      'managers drained before they ran count as failures',
      {
        manager: { ...lost, stoppedAt: ago(0.5) },
        others: [{ state: 'stopped', stoppedAt: ago(10), drainAt: ago(12), startedAt: undefined }],
      },
      'not-now',
    ],
    [
      'running managers do not count as failures',
      {
        manager: { ...lost, stoppedAt: ago(0.5) },
        others: [{ drainAt: ago(12), startedAt: undefined, state: 'starting' }],
      },
      'manager-lost',
    ],
    [
      'managers that died more than an hour ago do not count',
      {
        manager: { ...lost, stoppedAt: ago(0.5) },
        others: [{ state: 'stopped', stoppedAt: ago(61), createdAt: ago(70) }],
      },
      'manager-lost',
    ],
    [
      'managers that died exactly an hour ago do not count',
      {
        manager: { ...lost, stoppedAt: ago(60), demandAt: ago(61) },
        others: [{ state: 'stopped', stoppedAt: ago(60), createdAt: ago(70) }],
      },
      'manager-lost',
    ],
    [
      'the request was unanswered for five minutes',
      { manager: { ...lost, stoppedAt: ago(5), demandAt: ago(6) } },
      'not-now',
    ],
    [
      'the request is repeated after ten minutes',
      { manager: { ...lost, stoppedAt: ago(10.5), demandAt: ago(11) } },
      'manager-lost',
    ],
    [
      'the request is not repeated within the next ten minutes',
      { manager: { ...lost, stoppedAt: ago(11.5), demandAt: ago(12) } },
      'not-now',
    ],
  ])('%s', (_title, row, expected) => {
    expect(decide(row)).toBe(expected);
  });

  it('requests a manager', () => {
    const manager = managerFacts({ ...lost, createdAt: ago(60), startedAt: ago(59) });
    expect(
      decideReplacement({ manager, managers: [manager], jobTasks: [], fleet: fleetFacts(), now }),
    ).toEqual({ kind: 'request', cause: 'manager-lost' });
  });
});
