import { RunTaskCommand } from '@aws-sdk/client-ecs';
import { DECIDED_JOB_FIELDS, LOG_LINES } from '@serverless-gitlab-runner/fleet';
import { describe, expect, it } from 'vitest';
import { processBatch } from '../src/index.ts';
import { createLauncher, queued } from './support/launcher.ts';

interface Line {
  message: string;
  level: string;
  fields: Record<string, unknown>;
}

const TOKEN = '/p/fleets/default/runner-tokens/abc';

/** A launcher whose log lines are kept. */
function loggingLauncher(manager: Parameters<typeof createLauncher>[0] = {}) {
  const launcher = createLauncher(manager);
  const lines: Line[] = [];
  launcher.deps.log = (message, fields, level = 'info') =>
    // As JSON, which drops fields without a value.
    lines.push({ message, level, fields: JSON.parse(JSON.stringify(fields)) });
  const of = (message: string) => lines.filter((line) => line.message === message);
  return { ...launcher, of };
}

const failure = { reason: 'invalid-fleet', message: 'Correct it', permanent: true } as const;

describe('the log has the fields that queries, metrics and `sgr` read', () => {
  it('of plans', async () => {
    const { deps, ecs, of, advance } = loggingLauncher({ max: 2, concurrentJobs: 1 });
    ecs.mock
      .on(RunTaskCommand)
      .callsFake(ecs.runTask)
      .resolvesOnce({ failures: [{ reason: 'RESOURCE:ENI' }] });
    advance(60);
    await processBatch([queued(1, { runnerTokenParameter: TOKEN }), queued(2)], deps);
    await processBatch([queued(3), queued(4), queued(5)], deps);
    const seen = new Set(of('launch planned').flatMap(({ fields }) => Object.keys(fields)));
    expect([...seen].toSorted()).toEqual([...LOG_LINES['runner-launcher']['launch planned']].toSorted());
    const jobs = of('jobs decided').flatMap(({ fields }) => fields.jobs);
    expect(jobs).toHaveLength(5);
    for (const job of jobs as object[]) expect(Object.keys(job)).toEqual(DECIDED_JOB_FIELDS);
  });

  it('of failures to plan', async () => {
    const { deps, of, advance } = loggingLauncher();
    advance(60);
    deps.readFleet = async () => ({ failure: { ...failure, permanent: false } });
    await processBatch([queued(1, { runnerTokenParameter: TOKEN })], deps);
    const [line] = of('launch failed');
    expect(Object.keys(line?.fields ?? {}).toSorted()).toEqual(
      [...LOG_LINES['runner-launcher']['launch failed']].toSorted(),
    );
  });
});

describe('why jobs wait', () => {
  it('is logged with the number of jobs and the longest wait', async () => {
    const { deps, of, advance } = loggingLauncher({ max: 1, concurrentJobs: 1 });
    advance(90);
    await processBatch([queued(1), queued(2), queued(3)], deps);
    expect(of('launch planned')).toMatchObject([
      {
        level: 'info',
        fields: { launches: 1, waiting: 2, waitingBecause: 'at-maximum', longestWaitSeconds: 90 },
      },
    ]);
  });

  it('is logged for none if none waits', async () => {
    const { deps, of } = loggingLauncher();
    await processBatch([queued(1)], deps);
    const [line] = of('launch planned');
    expect(line?.fields).toMatchObject({ requests: 1, waiting: 0, causeEventId: 'e1' });
    expect(line?.fields).not.toHaveProperty('waitingBecause');
  });

  it('is not logged for a job that is given up, but as a warning', async () => {
    const { deps, of } = loggingLauncher();
    deps.readFleet = async () => ({ failure });
    await processBatch([queued(1)], deps);
    expect(of('launch failed')).toMatchObject([{ level: 'warn', fields: { waiting: 0, failure } }]);
  });
});
