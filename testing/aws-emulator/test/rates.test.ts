import { DescribeTasksCommand, ECSClient, ListTasksCommand, TagResourceCommand } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EmulatorSwitches } from '../src/switches.ts';
import { CLUSTER, TestBed } from './support/emulator-fixture.ts';

let bed: TestBed;
let switches: EmulatorSwitches;
/** A client like the product's: not one that only watches. */
let ecs: ECSClient;

beforeAll(async () => {
  bed = await TestBed.start('rates');
  switches = new EmulatorSwitches(bed.emulator.endpoint);
  const credentials = { accessKeyId: 'ASIAPRODUCT', secretAccessKey: 'x' };
  ecs = new ECSClient({ endpoint: bed.emulator.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
}, 180_000);

beforeEach(() => switches.resetRates());

afterAll(async () => {
  ecs?.destroy();
  await bed?.stop();
}, 60_000);

const list = (client = ecs) => client.send(new ListTasksCommand({ cluster: CLUSTER }));

describe('the account’s rates', () => {
  it('are those of AWS’s documents', async () => {
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

  it('count the calls that share a bucket together', async () => {
    await list();
    await ecs.send(
      new DescribeTasksCommand({ cluster: CLUSTER, tasks: ['0123456789abcdef0123456789abcdef'] }),
    );
    expect((await switches.rates()).reads).toMatchObject({ taken: 2, refused: 0 });
  });

  it('refuse what is more, as AWS does, and say so', async () => {
    await switches.emptyBuckets({ reads: 60 });
    await expect(list()).rejects.toMatchObject({ name: 'ThrottlingException', message: 'Rate exceeded' });
    expect((await switches.rates()).reads).toMatchObject({ taken: 0, refused: 1 });
  });

  it('refill', async () => {
    await switches.emptyBuckets({ reads: 0.2 });
    await expect.poll(() => list().then(() => 'passed', String)).toBe('passed');
  });

  it('are not touched by whoever only watches', async () => {
    await switches.emptyBuckets({ reads: 60 });
    await list(bed.ecs);
    expect((await switches.rates()).reads).toMatchObject({ taken: 0, refused: 0 });
  });

  it('keep buckets apart', async () => {
    await switches.emptyBuckets({ tags: 60 });
    await list();
    const tags = [{ key: 'a', value: 'b' }];
    const tagged = ecs.send(
      new TagResourceCommand({ resourceArn: 'arn:aws:ecs:us-east-1:0:task/x/y', tags }),
    );
    await expect(tagged).rejects.toMatchObject({ name: 'ThrottlingException' });
  });
});
