import { jobTaskFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../src/environment.ts';
import {
  createCapacityMemory,
  createCountedJobs,
  createSeenJobs,
  launchToken,
  retryDelaySeconds,
} from '../src/index.ts';

describe('the client token', () => {
  const cause = {
    parameterPrefix: '/p',
    fleet: 'default',
    slot: 1,
    capacityProvider: 'FARGATE',
    generation: 0,
  } as const;

  it('is the same for the same cause and fits ECS', () => {
    expect(launchToken(cause)).toBe(launchToken({ ...cause }));
    expect(launchToken(cause)).toMatch(/^[!-~]{1,64}$/);
  });

  it.each([
    { parameterPrefix: '/q' },
    { fleet: 'other' },
    { slot: 2 },
    { capacityProvider: 'FARGATE_SPOT' as const },
    { generation: 1 },
  ])('is another one for another %o', (other) => {
    expect(launchToken({ ...cause, ...other })).not.toBe(launchToken(cause));
  });
});

describe('the delay of a retry', () => {
  it.each([
    ['at-maximum', 1, 20],
    ['at-maximum', 2, 40],
    ['at-maximum', 3, 80],
    ['at-maximum', 4, 120],
    ['at-maximum', 1000, 120],
    ['recheck', 1, 10],
    ['recheck', 2, 20],
    ['recheck', 3, 30],
    ['recheck', 1000, 30],
    ['no-capacity', 1, 30],
    ['no-capacity', 9, 300],
    ['throttled', 1, 5],
    ['unknown', 3, 20],
    ['unknown', 50, 300],
  ] as const)(
    'for %s at receive %i is at most %i seconds, and no less than three quarters',
    (reason, count, most) => {
      expect(retryDelaySeconds(reason, count, 1)).toBe(most);
      expect(retryDelaySeconds(reason, count, 0)).toBe(Math.ceil(most * 0.75));
    },
  );
});

describe('the memory of what had no capacity', () => {
  it('forgets after twenty seconds, and knows providers and subnets apart', () => {
    let now = 0;
    const memory = createCapacityMemory(() => now);
    memory.refused('FARGATE_SPOT', ['a', 'b']);
    expect(memory.worthAsking(['FARGATE_SPOT', 'FARGATE'], ['b', 'a'])).toEqual(['FARGATE']);
    expect(memory.worthAsking(['FARGATE_SPOT', 'FARGATE'], ['a'])).toEqual(['FARGATE_SPOT', 'FARGATE']);
    now = 19_999;
    expect(memory.worthAsking(['FARGATE_SPOT'], ['a', 'b'])).toEqual([]);
    now = 20_000;
    expect(memory.worthAsking(['FARGATE_SPOT'], ['a', 'b'])).toEqual(['FARGATE_SPOT']);
  });

  it('has forgotten when the message that found none comes back for the first time', () => {
    let now = 0;
    const memory = createCapacityMemory(() => now);
    memory.refused('FARGATE', ['a', 'b']);
    now = retryDelaySeconds('no-capacity', 1, 0) * 1000;
    expect(memory.worthAsking(['FARGATE'], ['a', 'b'])).toEqual(['FARGATE']);
  });
});

describe('the memory of counted jobs', () => {
  it('knows fleets and tokens apart, and forgets what is told or overdue', () => {
    let now = 0;
    const counted = createCountedJobs(() => now);
    const own = { fleet: 'default', runnerTokenParameter: undefined };
    counted.count(own, 1, 1000);
    counted.count(own, 2, 1000);
    counted.count(own, 2, 1001);
    counted.count({ fleet: 'default', runnerTokenParameter: '/t' }, 3, 5000);
    now = 999;
    expect(counted.of(own)).toEqual([
      { jobId: 1, until: 1000 },
      { jobId: 2, until: 1001 },
    ]);
    now = 1000;
    expect(counted.of(own)).toEqual([{ jobId: 2, until: 1001 }]);
    counted.forget(own, 2);
    expect(counted.of(own)).toEqual([]);
    expect(counted.of({ fleet: 'default', runnerTokenParameter: '/t' })).toHaveLength(1);
  });
});

describe('the environment', () => {
  const complete = {
    CLUSTER: 'arn',
    EVENT_BUS_NAME: 'bus',
    QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/1/q',
    DEAD_LETTER_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/1/d',
  };

  it('has a default for what may be left out', () => {
    expect(readEnvironment(complete).PARAMETER_PREFIX).toBe('/serverless-gitlab-runner');
    expect(readEnvironment(complete).MAX_RECEIVES).toBe(1000);
    expect(readEnvironment({ ...complete, MAX_RECEIVES: '7' }).MAX_RECEIVES).toBe(7);
  });

  it.each(Object.keys(complete))('names %s when it is missing', (name) => {
    expect(() => readEnvironment({ ...complete, [name]: undefined })).toThrow(name);
  });

  it.each(['no-slash', '/ends-with/'])('refuses the prefix %s', (PARAMETER_PREFIX) => {
    expect(() => readEnvironment({ ...complete, PARAMETER_PREFIX })).toThrow('PARAMETER_PREFIX');
  });
});

describe('the memory of jobs that had a task', () => {
  const task = (jobId: number | undefined, fleet = 'default') => jobTaskFacts({ jobId, fleet });

  it('keeps them by fleet, the last so many', () => {
    const seen = createSeenJobs(2);
    seen.see([task(1), task(undefined), task(2), task(7, 'other')]);
    seen.see([task(3)]);
    expect([...seen.of('default')]).toEqual([2, 3]);
    expect([...seen.of('other')]).toEqual([7]);
  });
});
