import { SSMProvider } from '@aws-lambda-powertools/parameters/ssm';
import { DescribeTasksCommand, ECSClient, ListTasksCommand } from '@aws-sdk/client-ecs';
import { GetParameterCommand, GetParametersCommand, ParameterNotFound, SSMClient } from '@aws-sdk/client-ssm';
import { definitionArn } from '@serverless-gitlab-runner/ecs-tasks';
import { managerFamily, toTags } from '@serverless-gitlab-runner/fleet';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createReadFleet } from '../src/read-fleet.ts';
import { refusedToken } from '../src/refused-token.ts';
import { fleetDocument } from './support/launcher.ts';

const ssmMock = mockClient(SSMClient);
const ecsMock = mockClient(ECSClient);
const ssm = new SSMClient({ region: 'eu-west-1' });
const ecs = new ECSClient({ region: 'eu-west-1' });

beforeEach(() => {
  ssmMock.reset();
  ecsMock.reset();
});

describe('reading a fleet', () => {
  let now = 0;
  const reader = () => createReadFleet(new SSMProvider({ awsSdkV3Client: ssm }), '/p', () => now);
  const answer = (Value: string) => ({ Parameter: { Value } });

  it('holds a valid document for half a minute', async () => {
    ssmMock.on(GetParameterCommand).resolves(answer(fleetDocument({ max: 3 })));
    const read = reader();
    expect(await read('default')).toMatchObject({ config: { manager: { max: 3 } } });
    now += 29_999;
    await read('default');
    expect(ssmMock.commandCalls(GetParameterCommand)).toHaveLength(1);
    now += 1;
    await read('default');
    expect(ssmMock.commandCalls(GetParameterCommand)).toHaveLength(2);
    expect(ssmMock.commandCalls(GetParameterCommand)[0]?.args[0].input).toMatchObject({
      Name: '/p/fleets/default/config',
      WithDecryption: false,
    });
  });

  it('does not hold what failed', async () => {
    ssmMock
      .on(GetParameterCommand)
      .resolvesOnce(answer('{}'))
      .rejectsOnce(Object.assign(new Error('slow'), { name: 'ThrottlingException' }))
      .resolves(answer(fleetDocument()));
    const read = reader();
    expect(await read('default')).toMatchObject({ failure: { reason: 'invalid-fleet', permanent: true } });
    expect(await read('default')).toMatchObject({ failure: { reason: 'throttled', permanent: false } });
    expect(await read('default')).toHaveProperty('config');
  });

  it('names the parameter of a fleet that does not exist', async () => {
    ssmMock
      .on(GetParameterCommand)
      .rejects(new ParameterNotFound({ message: 'no', $metadata: { httpStatusCode: 400 } }));
    expect(await reader()('nobody')).toMatchObject({
      failure: {
        reason: 'invalid-fleet',
        message: expect.stringContaining('/p/fleets/nobody/config'),
        permanent: true,
      },
    });
  });

  it('says so when the parameter is empty', async () => {
    ssmMock.on(GetParameterCommand).resolves({});
    expect(await reader()('nobody')).toMatchObject({ failure: { reason: 'invalid-fleet' } });
  });
});

describe('a runner token that GitLab refused', () => {
  const parts = { ecs, ssm, cluster: 'cluster', parameterPrefix: '/p' };
  const own = { fleet: 'default', runnerTokenParameter: undefined };
  const stoppedAt = new Date('2026-11-23T10:00:00Z');
  const earlier = new Date('2026-11-23T09:00:00Z');
  const later = new Date('2026-11-23T10:00:01Z');

  function ended(exitCode: number, tags = toTags({ role: 'manager', fleet: 'default' })) {
    const taskDefinitionArn = definitionArn(managerFamily('default'));
    const taskArn = 'arn:aws:ecs:eu-west-1:111122223333:task/cluster/1';
    ecsMock
      .on(ListTasksCommand, { family: managerFamily('default'), desiredStatus: 'STOPPED' })
      .resolves({ taskArns: [taskArn] });
    ecsMock.on(DescribeTasksCommand).resolves({
      tasks: [
        {
          taskArn,
          taskDefinitionArn,
          lastStatus: 'STOPPED',
          stoppedAt,
          tags,
          containers: [{ name: 'manager', exitCode }],
        },
      ],
    });
  }

  it.each([
    ['nothing was written since', earlier, earlier, true],
    ['the document was written since', later, earlier, false],
    ['the token was written since', earlier, later, false],
  ])('and %s', async (_title, config, token, refused) => {
    ended(78);
    ssmMock
      .on(GetParametersCommand)
      .resolves({ Parameters: [{ LastModifiedDate: config }, { LastModifiedDate: token }] });
    const failure = await refusedToken(own, parts);
    expect(failure !== undefined).toBe(refused);
    if (refused) expect(failure).toMatchObject({ reason: 'runner-token-refused', permanent: true });
    expect(ssmMock.commandCalls(GetParametersCommand)[0]?.args[0].input).toEqual({
      Names: ['/p/fleets/default/config', '/p/fleets/default/runner-token'],
    });
  });

  it.each([
    ['managers that ended otherwise', 0, own],
    [
      'managers with another token',
      78,
      { ...own, runnerTokenParameter: '/p/fleets/default/runner-tokens/abc' },
    ],
  ])('is not read into %s', async (_title, exitCode, serving) => {
    ended(exitCode);
    expect(await refusedToken(serving, parts)).toBeUndefined();
    expect(ssmMock.calls()).toHaveLength(0);
  });

  it('is told with the parameter to correct, also for a token that a webhook brought', async () => {
    const runnerTokenParameter = '/p/fleets/default/runner-tokens/abc';
    ended(78, toTags({ role: 'manager', fleet: 'default', runnerTokenParameter }));
    ssmMock.on(GetParametersCommand).resolves({ Parameters: [] });
    const failure = await refusedToken({ ...own, runnerTokenParameter }, parts);
    expect(failure?.message).toContain(runnerTokenParameter);
  });
});
