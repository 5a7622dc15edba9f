import { jobTaskFacts, taskIdNumber } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { LOG_LINES } from '@serverless-gitlab-runner/fleet';
import { beforeEach, expect, it } from 'vitest';
import { sweep } from '../src/index.ts';
import { ago, deps, idle, readAgain, resetEcs } from './support/sweep.ts';

beforeEach(resetEcs);

it('the log has the fields that queries and metrics read', async () => {
  const drained = idle(1);
  readAgain(drained, ago(20));
  const { all, lines } = deps({ managers: [drained], jobTasks: [] });
  await sweep(all);
  const orphan = jobTaskFacts({ managerTaskId: taskIdNumber(99), jobId: 4711, startedAt: ago(5) });
  const stopping = deps({ managers: [idle(2, { drainAt: ago(120) })], jobTasks: [orphan] });
  await sweep(stopping.all);
  const logged = [...lines, ...stopping.lines];
  for (const [message, fields] of Object.entries(LOG_LINES['idle-reaper'])) {
    const seen = logged.filter((line) => line.message === message).flatMap((line) => Object.keys(line));
    expect([...new Set(seen)].toSorted(), message).toEqual(['message', ...fields].toSorted());
  }
});
