import { DescribeTasksCommand, ECSClient, ListTasksCommand, TagResourceCommand } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EmulatorSwitches } from '../src/switches.ts';
import { CLUSTER, EmulatorFixture } from './support/emulator-fixture.ts';

let fixture: EmulatorFixture;
let switches: EmulatorSwitches;
/** A client like the product's, not one that only observes. */
let ecs: ECSClient;

beforeAll(async () => {
  fixture = await EmulatorFixture.start('rates');
  switches = new EmulatorSwitches(fixture.emulator.endpoint);
  const credentials = { accessKeyId: 'ASIAPRODUCT', secretAccessKey: 'x' };
  ecs = new ECSClient({
    endpoint: fixture.emulator.endpoint,
    region: 'us-east-1',
    credentials,
    maxAttempts: 1,
  });
}, 180_000);

beforeEach(() => switches.resetRates());

afterAll(async () => {
  ecs?.destroy();
  await fixture?.stop();
}, 60_000);

const list = (client = ecs) => client.send(new ListTasksCommand({ cluster: CLUSTER }));

describe('the account’s rates', () => {
  it('are those that AWS documents', async () => {
    const rates = await switches.rates();
    const shape = Object.entries(rates).map(([name, { burst, perSecond }]) => [name, burst, perSecond]);
    expect(shape).toEqual([
      ['reads', 100, 20],
      ['tasks', 100, 40],
      ['runTaskCalls', 20, 20],
      ['onDemandTasks', 100, 20],
      ['spotTasks', 100, 20],
      ['taskDefinitions', 20, 1],
      ['deletedTaskDefinitions', 5, 1],
      ['tags', 20, 10],
    ]);
  });

  it('count calls that share a bucket together', async () => {
    await list();
    await ecs.send(
      new DescribeTasksCommand({ cluster: CLUSTER, tasks: ['0123456789abcdef0123456789abcdef'] }),
    );
    expect((await switches.rates()).reads).toMatchObject({ taken: 2, refused: 0 });
  });

  it('refuse excess calls as AWS does, and count them', async () => {
    await switches.emptyBuckets({ reads: 60 });
    await expect(list()).rejects.toMatchObject({ name: 'ThrottlingException', message: 'Rate exceeded' });
    expect((await switches.rates()).reads).toMatchObject({ taken: 0, refused: 1 });
  });

  it('refill', async () => {
    await switches.emptyBuckets({ reads: 0.2 });
    await expect.poll(() => list().then(() => 'passed', String)).toBe('passed');
  });

  it('are not affected by clients that only observe', async () => {
    await switches.emptyBuckets({ reads: 60 });
    await list(fixture.ecs);
    expect((await switches.rates()).reads).toMatchObject({ taken: 0, refused: 0 });
  });

  it('keep buckets separate', async () => {
    await switches.emptyBuckets({ tags: 60 });
    await list();
    const tags = [{ key: 'a', value: 'b' }];
    const tagged = ecs.send(
      new TagResourceCommand({ resourceArn: 'arn:aws:ecs:us-east-1:0:task/x/y', tags }),
    );
    await expect(tagged).rejects.toMatchObject({ name: 'ThrottlingException' });
  });
});
