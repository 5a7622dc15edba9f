import type { GitLabDouble } from '@serverless-gitlab-runner/gitlab-double';
import { describe, expect, it } from 'vitest';
import { describeLoss } from '../../src/suites/faults/describe-loss.ts';
import { LauncherLog } from '../../src/suites/faults/launcher-log.ts';
import type { ObservedTask } from '../../src/system/observe-tasks.ts';

type Delivery = GitLabDouble['deliveries'][number];

const AT = new Date('2026-11-29T12:00:00Z');

function delivery(jobId: number, changes: Partial<Delivery> = {}, status = 'pending'): Delivery {
  return {
    event: 'Job Hook',
    at: AT,
    outcome: 'answered',
    status: 202,
    error: null,
    ms: 120,
    requestBody: JSON.stringify({ build_id: jobId, build_status: status }),
    ...changes,
  } as Delivery;
}

const manager = {
  role: 'manager',
  taskId: '0123456789ab',
  slot: '1',
  createdAt: AT,
} as ObservedTask;

describe('what may have lost a job', () => {
  it('is nothing if no job was lost', () => {
    expect(
      describeLoss({ jobs: [], deliveries: [delivery(7)], tasks: [manager], launcherLines: ['a line'] }),
    ).toEqual([]);
  });

  it('is a webhook that did not arrive, or one that was never sent', () => {
    const jobs = [7, 8, 9].map((id) => ({ id, name: `job-${id}` }));
    const deliveries = [
      delivery(7),
      delivery(8, { outcome: 'failed', status: null, error: 'timeout', ms: 10_000 }),
      delivery(9, {}, 'running'),
      delivery(77, {}),
    ];
    expect(describeLoss({ jobs, deliveries, tasks: [], launcherLines: [] })).toEqual([
      'webhook of job job-7: sent 2026-11-29T12:00:00.000Z, answered with 202 after 120 ms',
      'webhook of job job-8: sent 2026-11-29T12:00:00.000Z, failed (timeout) after 10000 ms',
      'webhook of job job-9: GitLab sent none',
    ]);
  });

  it('is a manager that left too early', () => {
    const log = new LauncherLog();
    log.add('START RequestId: 1');
    log.add(
      `INFO [lambda] {"level":"INFO","message":"launch planned","timestamp":"${AT.toISOString()}","service":"runner-launcher","requests":1}`,
    );
    log.add(`{"level":"INFO","message":"x","timestamp":"${AT.toISOString()}","service":"idle-reaper"}`);
    const lines = describeLoss({
      jobs: [{ id: 7, name: 'job' }],
      deliveries: [delivery(7)],
      tasks: [manager],
      launcherLines: log.since(AT),
    });
    expect(lines.slice(1)).toEqual([
      'manager 01234567 in slot 1 created 2026-11-29T12:00:00.000Z, drained never, stopped never',
      'launcher: 2026-11-29T12:00:00.000Z launch planned {"requests":1}',
    ]);
    expect(log.since(new Date(AT.getTime() + 1))).toEqual([]);
  });
});
