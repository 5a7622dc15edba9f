import {
  DeleteTaskDefinitionsCommand,
  DeregisterTaskDefinitionCommand,
  DescribeTaskDefinitionCommand,
  ListTaskDefinitionFamiliesCommand,
  type ListTaskDefinitionFamiliesCommandInput,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definition, EmulatorFixture, shell } from './support/emulator-fixture.ts';

let fixture: EmulatorFixture;

beforeAll(async () => {
  fixture = await EmulatorFixture.start('definitions');
}, 180_000);

afterAll(async () => {
  await fixture?.stop();
}, 60_000);

const sleeping = [shell('main', 'exec sleep 300', { stopTimeout: 1 })];

/** Registers revisions of a family and returns the ARN of the last one. */
async function register(family: string, revisions = 1): Promise<string> {
  let arn = '';
  for (let revision = 0; revision < revisions; revision += 1) {
    const { taskDefinition } = await fixture.ecs.send(
      new RegisterTaskDefinitionCommand(definition(family, sleeping)),
    );
    arn = taskDefinition?.taskDefinitionArn ?? '';
  }
  return arn;
}

async function read(taskDefinition: string) {
  const answer = await fixture.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
  return answer.taskDefinition;
}

async function deregister(taskDefinition: string) {
  const answer = await fixture.ecs.send(new DeregisterTaskDefinitionCommand({ taskDefinition }));
  return answer.taskDefinition;
}

const inactive = { name: 'ClientException', message: 'TaskDefinition is inactive' };
const unknown = { name: 'ClientException', message: 'Unable to describe task definition.' };

describe('a deregistered task definition', () => {
  it('starts no task, and its running tasks continue', async () => {
    const arn = await register('running');
    const task = await fixture.reach(await fixture.run(arn), 'RUNNING');
    expect(await deregister(arn)).toMatchObject({ taskDefinitionArn: arn, status: 'INACTIVE' });
    await expect(fixture.run(arn)).rejects.toMatchObject(inactive);
    expect((await fixture.describe(task.taskArn)).lastStatus).toBe('RUNNING');
  });

  it('is described by its revision, while its family refers to the newest active one', async () => {
    const third = await register('described', 3);
    const second = third.replace(/3$/, '2');
    expect(await read('described')).toMatchObject({ revision: 3, status: 'ACTIVE' });
    await deregister(third);
    expect(await read(third)).toMatchObject({ status: 'INACTIVE', registeredAt: expect.any(Date) });
    expect(await read('described')).toMatchObject({ revision: 2, taskDefinitionArn: second });
    await deregister('described:2');
    await deregister('described:1');
    await expect(read('described')).rejects.toMatchObject(unknown);
    expect(await register('described')).toMatch(/\/described:4$/);
    expect(await read('described')).toMatchObject({ revision: 4 });
  });

  it('must be referenced with its revision', async () => {
    await register('unnamed');
    await expect(deregister('unnamed')).rejects.toMatchObject({ name: 'ClientException' });
    await expect(deregister('unnamed:9')).rejects.toMatchObject(unknown);
    expect(await read('unnamed')).toMatchObject({ revision: 1, status: 'ACTIVE' });
  });
});

describe('ListTaskDefinitionFamilies', () => {
  async function list(input: ListTaskDefinitionFamiliesCommandInput) {
    const { families, nextToken } = await fixture.ecs.send(new ListTaskDefinitionFamiliesCommand(input));
    return { families, nextToken };
  }

  beforeAll(async () => {
    for (const family of ['listed-a', 'listed-b', 'listed-c', 'other-listed-d']) await register(family);
    await register('listed-a');
    await deregister('listed-a:1');
    await deregister('listed-b:1');
  });

  it.each([
    ['ACTIVE', ['listed-a', 'listed-c']],
    ['INACTIVE', ['listed-b']],
    ['ALL', ['listed-a', 'listed-b', 'listed-c']],
  ] as const)('finds families of a prefix that are %s', async (status, families) => {
    expect(await list({ familyPrefix: 'listed-', status })).toEqual({ families });
  });

  it('pages', async () => {
    const first = await list({ familyPrefix: 'listed-', maxResults: 2 });
    expect(first.families).toEqual(['listed-a', 'listed-b']);
    const more = await list({ familyPrefix: 'listed-', maxResults: 2, nextToken: first.nextToken });
    expect(more).toEqual({ families: ['listed-c'] });
  });
});

describe('deleting task definitions', () => {
  const remove = (...taskDefinitions: string[]) =>
    fixture.ecs.send(new DeleteTaskDefinitionsCommand({ taskDefinitions }));

  it('is refused for active ones, reported for unknown ones, and final', async () => {
    const arn = await register('deleted');
    expect((await remove(arn)).failures).toMatchObject([{ arn, reason: 'TASK_DEFINITION_ACTIVE' }]);
    await deregister(arn);
    expect((await remove(arn)).taskDefinitions).toMatchObject([{ status: 'DELETE_IN_PROGRESS' }]);
    await expect(read(arn)).rejects.toMatchObject(unknown);
    expect((await remove(arn)).failures).toMatchObject([{ reason: 'TASK_DEFINITION_NOT_FOUND' }]);
  });

  it('takes at most ten a call', async () => {
    const eleven = Array.from({ length: 11 }, (_, index) => `deleted:${index + 1}`);
    await expect(remove(...eleven)).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});
