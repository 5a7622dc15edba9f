import {
  DeregisterTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  TagResourceCommand,
} from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import {
  createPace,
  ECS_RATES,
  ECS_SHARES,
  keepToShare,
  type Pace,
  type Rate,
  type RateName,
  type Shares,
} from '../src/ecs-tasks/index.ts';

const CLUSTER = { cluster: 'ci' };
const ALL: Shares = { reads: 1, tasks: 1, runTask: 1, tags: 1, definitions: 1 };

/** A client whose requests are answered at once, a clock that only its waiting advances, and the time of each request. */
function createClient(shares: Shares, processes = () => 1, statuses: number[] = [], random = () => 0) {
  let now = 0;
  const requestedAt: number[] = [];
  const client = new ECSClient({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 3,
    requestHandler: {
      handle: async () => {
        requestedAt.push(now);
        const body = JSON.stringify({ __type: 'ThrottlingException', message: 'Rate exceeded' });
        const statusCode = statuses.shift() ?? 200;
        return { response: { statusCode, headers: {}, body: new TextEncoder().encode(body) } };
      },
    },
  });
  const sleep = async (milliseconds: number) => {
    now += milliseconds;
  };
  keepToShare(client, shares, processes, { now: () => now, sleep, random });
  return { client, requestedAt, pass: sleep, now: () => now };
}

async function times(count: number, act: () => Promise<unknown>): Promise<void> {
  for (let call = 0; call < count; call += 1) await act();
}

describe('a client that stays within a share', () => {
  it('sends its burst at once, and then continues at the share’s rate', async () => {
    const { client, requestedAt } = createClient({ ...ALL, reads: 0.5 });
    await times(60, () => client.send(new ListTasksCommand(CLUSTER)));
    expect(requestedAt.filter((at) => at === 0)).toHaveLength(50);
    expect(requestedAt.at(-1)).toBeCloseTo((10 / 10) * 1000);
  });

  it('counts calls of the same bucket together, and others separately', async () => {
    const { client, now } = createClient({ ...ALL, reads: 0.02 });
    await client.send(new ListTasksCommand(CLUSTER));
    await client.send(new DescribeTasksCommand({ ...CLUSTER, tasks: ['a'] }));
    expect(now()).toBe(0);
    await client.send(new RunTaskCommand({ ...CLUSTER, taskDefinition: 'x' }));
    expect(now()).toBe(0);
    await client.send(new DescribeTasksCommand({ ...CLUSTER, tasks: ['a'] }));
    expect(now()).toBeCloseTo(2500);
  });

  it('divides its share by the current number of processes', async () => {
    let processes = 1;
    const { client, now } = createClient({ ...ALL, reads: 0.5 }, () => processes);
    await times(50, () => client.send(new ListTasksCommand(CLUSTER)));
    processes = 50;
    await client.send(new ListTasksCommand(CLUSTER));
    expect(now()).toBeCloseTo(5000);
  });

  it('refills unused calls up to its burst', async () => {
    const { client, now, pass } = createClient({ ...ALL, reads: 0.1 });
    await times(10, () => client.send(new ListTasksCommand(CLUSTER)));
    await pass(3_600_000);
    const before = now();
    await times(10, () => client.send(new ListTasksCommand(CLUSTER)));
    expect(now()).toBe(before);
    await client.send(new ListTasksCommand(CLUSTER));
    expect(now()).toBeCloseTo(before + 500);
  });

  it('deregisters task definitions at its pace, and registers them at once', async () => {
    const { client, now } = createClient({ ...ALL, definitions: 0.25 });
    const deregister = () => client.send(new DeregisterTaskDefinitionCommand({ taskDefinition: 'x:1' }));
    await times(5, deregister);
    expect(now()).toBe(0);
    await deregister();
    expect(now()).toBeCloseTo(4000);
    await times(25, () =>
      client.send(new RegisterTaskDefinitionCommand({ family: 'x', containerDefinitions: [] })),
    );
    expect(now()).toBeCloseTo(4000);
  });

  it('starts as many managers at once as a launcher’s share allows, and continues at its rate', async () => {
    const { client, requestedAt } = createClient(ECS_SHARES.launcher, () => 2);
    await times(7, () => client.send(new RunTaskCommand({ ...CLUSTER, taskDefinition: 'x' })));
    expect(requestedAt.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
    expect((requestedAt[6] ?? 0) - (requestedAt[5] ?? 0)).toBeCloseTo(1000 / 1.4);
  });

  it('sends the first call of a process whose share is less than one call within the time of one call', async () => {
    const { client, requestedAt } = createClient(
      ECS_SHARES.managers,
      () => 50,
      [],
      () => 0.999,
    );
    await client.send(new RunTaskCommand({ ...CLUSTER, taskDefinition: 'x' }));
    expect(requestedAt[0]).toBeLessThan(1000 / ((20 * 0.35) / 50));
  });

  it('does not delay calls of a bucket without a share', async () => {
    const { client, requestedAt } = createClient({ ...ALL, tags: 0 });
    const resourceArn = 'arn:aws:ecs:eu-west-1:123456789012:task/ci/0123456789abcdef0123456789abcdef';
    await times(30, () => client.send(new TagResourceCommand({ resourceArn, tags: [] })));
    expect(requestedAt).toEqual(Array(30).fill(0));
  });

  it('counts each attempt', async () => {
    const { client, now } = createClient({ ...ALL, reads: 0.02 }, undefined, [400, 400]);
    await client.send(new ListTasksCommand(CLUSTER));
    expect(now()).toBeCloseTo(2500);
  });
});

describe.each(Object.keys(ECS_RATES) as RateName[])('the shares of %s', (name) => {
  const shares = Object.values<Shares>(ECS_SHARES).map((each) => each[name]);
  const total = (part: keyof Rate) =>
    shares.reduce<number>((sum, share) => sum + (typeof share === 'number' ? share : share[part]), 0);

  it('add up to less than half of it', () => {
    expect(total('perSecond')).toBeLessThan(0.5);
    // Launchers and new managers do not use RunTask at the same time; the simulation below shows it.
    if (name !== 'runTask') expect(total('burst')).toBeLessThan(0.5);
  });
});

/** A manually advanced clock with its sleepers. */
function createClock() {
  let now = 0;
  let seed = 1;
  const sleepers: { until: number; wake(): void }[] = [];
  return {
    now: () => now,
    /** A deterministic random number generator (Park and Miller). */
    random: () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    },
    sleep: (milliseconds: number) =>
      new Promise<void>((wake) => void sleepers.push({ until: now + milliseconds, wake })),
    /** Wakes all sleepers that are due, and advances to the next one. */
    async runUntil(end: number) {
      for (;;) {
        await new Promise(setImmediate);
        sleepers.sort((one, other) => one.until - other.until);
        const [next] = sleepers;
        if (next === undefined || next.until > end) return;
        sleepers.shift();
        now = next.until;
        next.wake();
      }
    },
  };
}

describe('1,000 simultaneous jobs on 50 managers, with two launchers and a reaper, each at its maximum pace', () => {
  const MANAGERS = 50;
  const JOBS_EACH = 20;
  /** At least this long after RunTask does a manager run. */
  const MANAGER_START_MS = 20_000;
  const END_MS = 300_000;
  const TAKES: Record<string, RateName[]> = {
    DescribeTasksCommand: ['reads'],
    ListTasksCommand: ['reads'],
    RunTaskCommand: ['tasks', 'runTask'],
    StopTaskCommand: ['tasks'],
    TagResourceCommand: ['tags'],
    DeregisterTaskDefinitionCommand: ['definitions'],
  };

  /** Half of AWS's buckets, with the lowest level of each and the total number of calls. */
  function createHalf(now: () => number) {
    const half = new Map<RateName, { level: number; at: number; lowest: number; taken: number }>();
    return {
      half,
      take(command: string) {
        for (const name of TAKES[command] ?? []) {
          const { burst, perSecond } = ECS_RATES[name];
          const bucket = half.get(name) ?? { level: burst / 2, at: 0, lowest: burst / 2, taken: 0 };
          const gained = ((now() - bucket.at) / 1000) * (perSecond / 2);
          const level = Math.min(burst / 2, bucket.level + gained) - 1;
          const lowest = Math.min(bucket.lowest, level);
          half.set(name, { level, lowest, at: now(), taken: bucket.taken + 1 });
        }
      },
    };
  }

  /** @param share number of managers among which each manager divides the share */
  async function run(share: number) {
    const clock = createClock();
    const { half, take } = createHalf(clock.now);
    const callers = (shares: Shares, processes: number, count: number) =>
      Array.from({ length: count }, (): Pace => {
        const pace = createPace(shares, () => processes, clock);
        return async (command) => {
          await pace(command);
          take(command);
        };
      });
    for (const call of callers(ECS_SHARES.managers, share, MANAGERS)) {
      void forEver(call, 'DescribeTasksCommand');
      void clock.sleep(MANAGER_START_MS).then(() => startAndStop(call));
    }
    const [reaper] = callers(ECS_SHARES.reaper, 1, 1);
    const launchers = callers(ECS_SHARES.launcher, 2, 2);
    for (const call of launchers) void startManagers(call, MANAGERS / launchers.length);
    for (const call of [...launchers, ...(reaper ? [reaper] : [])])
      for (const command of ['ListTasksCommand', 'TagResourceCommand', 'StopTaskCommand'])
        void forEver(call, command);
    if (reaper) void forEver(reaper, 'DeregisterTaskDefinitionCommand');
    await clock.runUntil(END_MS);
    return half;
  }

  async function forEver(call: Pace, command: string): Promise<never> {
    for (;;) await call(command);
  }

  async function startManagers(call: Pace, count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => call('RunTaskCommand')));
  }

  async function startAndStop(call: Pace): Promise<void> {
    for (let job = 0; job < JOBS_EACH; job += 1) await call('RunTaskCommand');
    for (let job = 0; job < JOBS_EACH; job += 1) await call('StopTaskCommand');
  }

  it('stays within half of every rate', async () => {
    const half = await run(MANAGERS);
    expect([...half.keys()].sort()).toEqual(['definitions', 'reads', 'runTask', 'tags', 'tasks']);
    for (const { lowest } of half.values()) expect(lowest).toBeGreaterThanOrEqual(-1e-6);
    expect(half.get('runTask')?.taken).toBe(MANAGERS * (1 + JOBS_EACH));
  });

  it('exceeds it if each manager takes the whole share', async () => {
    const half = await run(1);
    expect(half.get('reads')?.lowest).toBeLessThan(0);
    expect(half.get('runTask')?.lowest).toBeLessThan(0);
  });
});
