import { RunTaskCommand } from '@aws-sdk/client-ecs';
import { parseFleetConfig } from '@serverless-gitlab-runner/fleet';
import { describe, expect, it } from 'vitest';
import { processBatch } from '../src/index.ts';
import { createLauncher, fleetDocument, kinds, queued } from './support/launcher.ts';

/** A promise that the test resolves. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, open: () => resolve() };
}

const batchOf = (count: number) => Array.from({ length: count }, (_, index) => queued(index + 1));

describe('slots of one fleet', () => {
  it('are filled five at a time', async () => {
    const launcher = createLauncher({ max: 9, concurrentJobs: 1 });
    const answers = gate();
    let open = 0;
    let maxOpen = 0;
    launcher.ecs.mock.on(RunTaskCommand).callsFake(async (input) => {
      open += 1;
      maxOpen = Math.max(maxOpen, open);
      if (open === 5) answers.open();
      await answers.promise;
      open -= 1;
      return launcher.ecs.runTask(input);
    });
    const settled = await processBatch(batchOf(9), launcher.deps);
    expect(kinds(settled)).toEqual(Array.from({ length: 9 }, () => 'manager-launched'));
    expect(maxOpen).toBe(5);
    expect(launcher.ecs.runs()).toHaveLength(9);
  });

  it('are not filled any further once one of them fails', async () => {
    const launcher = createLauncher({ max: 9, concurrentJobs: 1 });
    launcher.ecs.mock
      .on(RunTaskCommand)
      .resolves({ tasks: [], failures: [{ reason: 'Capacity is unavailable' }] });
    expect(kinds(await processBatch(batchOf(9), launcher.deps))).toEqual(
      Array.from({ length: 9 }, () => 'retry no-capacity'),
    );
    expect(launcher.ecs.runs()).toHaveLength(5);
  });

  it('are not filled after the deadline', async () => {
    const launcher = createLauncher({ max: 9, concurrentJobs: 1 });
    const deadlineAt = launcher.now() + 1000;
    launcher.ecs.mock.on(RunTaskCommand).callsFake((input) => {
      launcher.advance(1);
      return launcher.ecs.runTask(input);
    });
    const settled = await processBatch(batchOf(9), { ...launcher.deps, deadlineAt });
    expect(new Set(kinds(settled))).toEqual(new Set(['retry unknown']));
    expect(launcher.ecs.runs()).toHaveLength(1);
    expect(launcher.events('ManagerLaunchFailed')).toMatchObject([
      { message: 'AWS answered too slowly for this batch; retrying', final: false },
    ]);
  });
});

describe('fleets of one batch', () => {
  function twoFleets() {
    const launcher = createLauncher({ max: 1 });
    const slow = { ...JSON.parse(fleetDocument({ max: 1 })), name: 'slow' };
    const { readFleet } = launcher.deps;
    const slowConfig = parseFleetConfig('/p/fleets/slow/config', JSON.stringify(slow));
    launcher.deps.readFleet = async (fleet) => (fleet === 'slow' ? { config: slowConfig } : readFleet(fleet));
    return launcher;
  }

  it('do not wait for each other', async () => {
    const launcher = twoFleets();
    const fast = gate();
    launcher.ecs.mock.on(RunTaskCommand).callsFake(async (input) => {
      if (input.taskDefinition.endsWith('-slow')) await fast.promise;
      else fast.open();
      return launcher.ecs.runTask(input);
    });
    const settled = await processBatch([queued(1, { fleet: 'slow' }), queued(2)], launcher.deps);
    expect(kinds(settled)).toEqual(['manager-launched', 'manager-launched']);
  });

  it('are answered when time is up, even if AWS does not answer for another fleet', async () => {
    const launcher = twoFleets();
    const timeUp = gate();
    launcher.ecs.mock.on(RunTaskCommand).callsFake(async (input) => {
      if (input.taskDefinition.endsWith('-slow')) return new Promise(() => {});
      return launcher.ecs.runTask(input);
    });
    launcher.deps.publish = async () => timeUp.open();
    const logged: string[] = [];
    launcher.deps.log = (line) => logged.push(line);
    const batch = [queued(1, { fleet: 'slow' }), queued(2)];
    const settled = await processBatch(batch, {
      ...launcher.deps,
      timeUp: timeUp.promise.then(() => new Promise((resolve) => setImmediate(resolve))),
    });
    expect(kinds(settled)).toEqual(['retry unknown', 'manager-launched']);
    expect(logged).toEqual(['launch planned', 'launch abandoned', 'jobs decided']);
  });
});
