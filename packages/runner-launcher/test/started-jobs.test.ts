import { jobTaskFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { describe, expect, it } from 'vitest';
import { createStartedJobs } from '../src/index.ts';

describe('started jobs', () => {
  const task = (jobId: number | undefined, fleet = 'default') => jobTaskFacts({ jobId, fleet });

  it('are kept by fleet, the newest up to a maximum', () => {
    const started = createStartedJobs(2);
    started.add([task(1), task(undefined), task(2), task(7, 'other')]);
    started.add([task(3)]);
    expect([...started.of('default')]).toEqual([2, 3]);
    expect([...started.of('other')]).toEqual([7]);
  });
});
