import {
  DescribeTasksCommand,
  ListTagsForResourceCommand,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  type RunTaskCommandInput,
  StopTaskCommand,
  TagResourceCommand,
} from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLUSTER, definition, EmulatorFixture, NETWORK, shell } from './support/emulator-fixture.ts';

let fixture: EmulatorFixture;
let family: string;

beforeAll(async () => {
  fixture = await EmulatorFixture.start('refusals-run');
  family = await fixture.register([shell('main', 'true')]);
}, 180_000);

afterAll(async () => {
  await fixture?.stop();
}, 60_000);

const tags = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ key: `k${index}`, value: 'v' }));

describe('RunTask refuses', () => {
  const provider = (capacityProvider: string) => [{ capacityProvider, weight: 1 }];
  const awsvpc = (configuration: Partial<typeof NETWORK.awsvpcConfiguration> & Record<string, unknown>) => ({
    networkConfiguration: { awsvpcConfiguration: { ...NETWORK.awsvpcConfiguration, ...configuration } },
  });

  it.each<[string, string, RegExp, Partial<RunTaskCommandInput>]>([
    ['an unknown cluster', 'ClusterNotFoundException', /^Cluster not found/, { cluster: 'nowhere' }],
    [
      'an unknown task definition',
      'ClientException',
      /^TaskDefinition not found/,
      { taskDefinition: 'nothing' },
    ],
    [
      'no network',
      'InvalidParameterException',
      /^Network Configuration must be provided/,
      { networkConfiguration: undefined },
    ],
    ['no subnets', 'InvalidParameterException', /subnets can not be empty/, awsvpc({ subnets: [] })],
    [
      'an unknown subnet',
      'InvalidParameterException',
      /InvalidSubnetID.NotFound/,
      awsvpc({ subnets: ['subnet-0'] }),
    ],
    [
      'an unknown security group',
      'InvalidParameterException',
      /InvalidGroup.NotFound/,
      awsvpc({ securityGroups: ['sg-0'] }),
    ],
    [
      'more than 5 security groups',
      'InvalidParameterException',
      /At most 16 subnets and 5/,
      awsvpc({ securityGroups: Array(6).fill('sg-0') }),
    ],
    [
      'assignPublicIp MAYBE',
      'InvalidParameterException',
      /assignPublicIp/,
      awsvpc({ assignPublicIp: 'MAYBE' }),
    ],
    ['11 tasks', 'InvalidParameterException', /count/, { count: 11 }],
    ['a client token over 64', 'InvalidParameterException', /clientToken/, { clientToken: 't'.repeat(65) }],
    ['a startedBy over 128', 'InvalidParameterException', /startedBy/, { startedBy: 's'.repeat(129) }],
    ['51 tags', 'InvalidParameterException', /maximum number of tags/, { tags: tags(51) }],
    [
      'a tag value over 256',
      'InvalidParameterException',
      /at most 256/,
      { tags: [{ key: 'k', value: 'v'.repeat(257) }] },
    ],
    [
      'a tag value with a comma',
      'InvalidParameterException',
      /may contain letters/,
      { tags: [{ key: 'k', value: 'a,b' }] },
    ],
    [
      'a tag key of AWS',
      'InvalidParameterException',
      /reserved for AWS/,
      { tags: [{ key: 'aws:x', value: 'v' }] },
    ],
    [
      'launch type and strategy together',
      'InvalidParameterException',
      /both a launch type and capacity provider/,
      { launchType: 'FARGATE', capacityProviderStrategy: provider('FARGATE') },
    ],
    ['launch type EC2', 'InvalidParameterException', /No Container Instances/, { launchType: 'EC2' }],
    [
      'a capacity provider that the cluster lacks',
      'InvalidParameterException',
      /not associated with the cluster/,
      { launchType: undefined, capacityProviderStrategy: provider('OTHER') },
    ],
    [
      'an unknown platform version',
      'InvalidParameterException',
      /platform version/,
      { platformVersion: '9.9' },
    ],
    [
      'an override for an unknown container',
      'InvalidParameterException',
      /Override for container named nobody/,
      { overrides: { containerOverrides: [{ name: 'nobody' }] } },
    ],
    [
      'overrides over 8,192 characters',
      'InvalidParameterException',
      /at most 8192/,
      {
        overrides: {
          containerOverrides: [{ name: 'main', environment: [{ name: 'X', value: 'x'.repeat(8192) }] }],
        },
      },
    ],
    [
      'a size override that Fargate lacks',
      'ClientException',
      /No Fargate configuration exists for given values: 256 CPU, 8192 memory/,
      { overrides: { cpu: '256', memory: '8192' } },
    ],
  ])('%s with %s', async (_, name, message, change) => {
    const request = {
      cluster: CLUSTER,
      taskDefinition: family,
      launchType: 'FARGATE' as const,
      networkConfiguration: NETWORK,
      ...change,
    };
    await expect(fixture.ecs.send(new RunTaskCommand(request))).rejects.toMatchObject({
      name,
      message: expect.stringMatching(message),
    });
  });

  it('an override of the image', async () => {
    const overrides = { containerOverrides: [{ name: 'main', image: 'debian:12' }] };
    const body = {
      cluster: CLUSTER,
      taskDefinition: family,
      launchType: 'FARGATE',
      networkConfiguration: NETWORK,
    };
    const answer = await fetch(fixture.emulator.endpoint, {
      method: 'POST',
      headers: {
        'x-amz-target': 'AmazonEC2ContainerServiceV20141113.RunTask',
        'content-type': 'application/x-amz-json-1.1',
        authorization: 'AWS4-HMAC-SHA256 Credential=test/20261124/us-east-1/ecs/aws4_request',
      },
      body: JSON.stringify({ ...body, overrides }),
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ __type: 'InvalidParameterException' });
  });

  it('a task definition that is not for Fargate', async () => {
    const requiresCompatibilities = undefined;
    const input = { ...definition('ec2', [shell('main', 'true')]), requiresCompatibilities };
    await fixture.ecs.send(new RegisterTaskDefinitionCommand(input));
    await expect(fixture.run('ec2')).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });

  it('and does not create an unknown cluster', async () => {
    for (const _ of ['first', 'second']) {
      const listed = fixture.ecs.send(new ListTasksCommand({ cluster: 'nowhere' }));
      await expect(listed).rejects.toMatchObject({ name: 'ClusterNotFoundException' });
    }
  });
});

describe('the other actions refuse', () => {
  const invalid = { name: 'InvalidParameterException' };

  it.each(['desiredStatus', 'family', 'serviceName'])(
    'ListTasks by startedBy together with %s',
    async (filter) => {
      const input = {
        cluster: CLUSTER,
        startedBy: 'x',
        [filter]: filter === 'desiredStatus' ? 'RUNNING' : 'x',
      };
      await expect(fixture.ecs.send(new ListTasksCommand(input))).rejects.toMatchObject(invalid);
    },
  );

  it('ListTasks with pages over 100', async () => {
    const input = { cluster: CLUSTER, maxResults: 101 };
    await expect(fixture.ecs.send(new ListTasksCommand(input))).rejects.toMatchObject(invalid);
  });

  it.each([0, 101])('DescribeTasks of %i tasks', async (count) => {
    const input = { cluster: CLUSTER, tasks: Array(count).fill('x') };
    await expect(fixture.ecs.send(new DescribeTasksCommand(input))).rejects.toMatchObject(invalid);
  });

  it('StopTask of an unknown task, or in an unknown cluster', async () => {
    const unknown = fixture.ecs.send(new StopTaskCommand({ cluster: CLUSTER, task: 'x' }));
    await expect(unknown).rejects.toMatchObject(invalid);
    const nowhere = fixture.ecs.send(new StopTaskCommand({ cluster: 'nowhere', task: 'x' }));
    await expect(nowhere).rejects.toMatchObject({ name: 'ClusterNotFoundException' });
  });

  it('TagResource of a missing resource, with more than 50 tags in total, or of a stopped task', async () => {
    const resourceArn = `arn:aws:ecs:us-east-1:000000000000:task/${CLUSTER}/none`;
    await expect(
      fixture.ecs.send(new TagResourceCommand({ resourceArn, tags: tags(1) })),
    ).rejects.toMatchObject(invalid);
    await expect(fixture.ecs.send(new ListTagsForResourceCommand({ resourceArn }))).rejects.toMatchObject(
      invalid,
    );
    const sleeping = await fixture.register([shell('main', 'exec sleep 60', { stopTimeout: 1 })]);
    const task = await fixture.run(sleeping, { tags: tags(50) });
    const one = { resourceArn: task.taskArn, tags: [{ key: 'one-more', value: 'v' }] };
    await expect(fixture.ecs.send(new TagResourceCommand(one))).rejects.toMatchObject(invalid);
    await fixture.ecs.send(new StopTaskCommand({ cluster: CLUSTER, task: task.taskArn }));
    await fixture.reach(task, 'STOPPED');
    const again = { resourceArn: task.taskArn, tags: [{ key: 'k0', value: 'new' }] };
    await expect(fixture.ecs.send(new TagResourceCommand(again))).rejects.toMatchObject(invalid);
  });
});
