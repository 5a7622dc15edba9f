import { DescribeTasksCommand, ECSClient, ListTasksCommand, RunTaskCommand } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { ECS_RATES, ECS_SHARES, keepToShare, type RateName, type Shares } from '../src/index.ts';

const CLUSTER = { cluster: 'ci' };
const ALL: Shares = { reads: 1, tasks: 1, runTask: 1, tags: 1 };

/** A client whose requests ECS answers at once, a clock that only its waiting moves, and when each request was made. */
function createClient(shares: Shares, processes = () => 1, statuses: number[] = []) {
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
  keepToShare(client, shares, processes, { now: () => now, sleep });
  return { client, requestedAt, pass: sleep, now: () => now };
}

async function times(count: number, act: () => Promise<unknown>): Promise<void> {
  for (let call = 0; call < count; call += 1) await act();
}

describe('a client that keeps to a share', () => {
  it('passes its burst at once, and then as many a second as the share has', async () => {
    const { client, requestedAt } = createClient({ ...ALL, reads: 0.5 });
    await times(60, () => client.send(new ListTasksCommand(CLUSTER)));
    expect(requestedAt.filter((at) => at === 0)).toHaveLength(50);
    expect(requestedAt.at(-1)).toBeCloseTo((10 / 10) * 1000);
  });

  it('counts calls of one bucket together, and others apart', async () => {
    const { client, now } = createClient({ ...ALL, reads: 0.02 });
    await client.send(new ListTasksCommand(CLUSTER));
    await client.send(new DescribeTasksCommand({ ...CLUSTER, tasks: ['a'] }));
    expect(now()).toBe(0);
    await client.send(new RunTaskCommand({ ...CLUSTER, taskDefinition: 'x' }));
    expect(now()).toBe(0);
    await client.send(new DescribeTasksCommand({ ...CLUSTER, tasks: ['a'] }));
    expect(now()).toBeCloseTo(2500);
  });

  it('shares with others, as many as there are now', async () => {
    let processes = 1;
    const { client, now } = createClient({ ...ALL, reads: 0.5 }, () => processes);
    await times(50, () => client.send(new ListTasksCommand(CLUSTER)));
    processes = 50;
    await client.send(new ListTasksCommand(CLUSTER));
    expect(now()).toBeCloseTo(5000);
  });

  it('gets back what it has not used, up to its burst', async () => {
    const { client, now, pass } = createClient({ ...ALL, reads: 0.1 });
    await times(10, () => client.send(new ListTasksCommand(CLUSTER)));
    await pass(3_600_000);
    const before = now();
    await times(10, () => client.send(new ListTasksCommand(CLUSTER)));
    expect(now()).toBe(before);
    await client.send(new ListTasksCommand(CLUSTER));
    expect(now()).toBeCloseTo(before + 500);
  });

  it('counts each try', async () => {
    const { client, now } = createClient({ ...ALL, reads: 0.02 }, undefined, [400, 400]);
    await client.send(new ListTasksCommand(CLUSTER));
    expect(now()).toBeCloseTo(2500);
  });
});

it.each(Object.keys(ECS_RATES) as RateName[])('all shares of %s together are half of it', (name) => {
  const total = Object.values(ECS_SHARES).reduce((sum, shares) => sum + shares[name], 0);
  expect(total).toBeCloseTo(0.5);
});
