import { DescribeTasksCommand, ECSClient, ListTasksCommand, type Task } from '@aws-sdk/client-ecs';
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { definitionArn, taskIdNumber } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { jobFamilyPrefix, managerFamily } from '@serverless-gitlab-runner/fleet';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { readEnvironment } from '../src/environment.ts';
import { changedAt, managerLimits } from '../src/fleet-facts.ts';
import { readClusterState } from '../src/read-cluster-state.ts';
import { readFleets } from '../src/read-fleets.ts';
import { fleetInput } from './support/fleets.ts';

const ssm = mockClient(SSMClient);
const ecs = mockClient(ECSClient);

beforeEach(() => {
  ssm.reset();
  ecs.reset();
});

describe('reading the fleets', () => {
  const at = (seconds: number) => new Date(seconds * 1000);
  const read = (report = (_fleet: string, _problem: string) => {}) =>
    readFleets(new SSMClient({ region: 'eu-west-1' }), '/p', report);

  it('reads documents and when tokens were written, over all pages, and decrypts nothing', async () => {
    ssm
      .on(GetParametersByPathCommand)
      .resolvesOnce({
        NextToken: 'more',
        Parameters: [
          { Name: '/p/fleets/default/config', Value: JSON.stringify(fleetInput()), LastModifiedDate: at(1) },
          { Name: '/p/fleets/default/runner-token', LastModifiedDate: at(2) },
          { Name: '/p/fleets/default/webhook-secret', LastModifiedDate: at(99) },
        ],
      })
      .resolvesOnce({
        Parameters: [{ Name: '/p/fleets/default/runner-tokens/abc', LastModifiedDate: at(3) }],
      });
    const { fleets, parameters } = await read();
    const fleet = fleets.get('default');
    expect(fleet).toMatchObject({ name: 'default', configChangedAt: 1000, config: { name: 'default' } });
    expect(fleet?.tokensChangedAt).toEqual(
      new Map([
        ['/p/fleets/default/runner-token', 2000],
        ['/p/fleets/default/runner-tokens/abc', 3000],
      ]),
    );
    expect(parameters).toContainEqual({ name: '/p/fleets/default/webhook-secret', writtenAt: 99_000 });
    const [input] = ssm.commandCalls(GetParametersByPathCommand).map((call) => call.args[0].input);
    expect(input).toMatchObject({ Path: '/p/fleets', Recursive: true });
    expect(input?.WithDecryption).toBeFalsy();
    if (fleet === undefined) throw new Error('no fleet was read');
    expect(changedAt(fleet, { runnerTokenParameter: undefined })).toBe(2000);
    expect(changedAt(fleet, { runnerTokenParameter: '/p/fleets/default/runner-tokens/abc' })).toBe(3000);
    expect(changedAt(fleet, { runnerTokenParameter: '/gone' })).toBe(1000);
  });

  it('returns parameters of fleets whose document was removed', async () => {
    ssm.on(GetParametersByPathCommand).resolves({
      Parameters: [
        { Name: '/p/fleets/gone/runner-tokens/abc', LastModifiedDate: at(3) },
        { Name: '/p/fleets/x' },
      ],
    });
    expect(await read()).toEqual({
      fleets: new Map(),
      parameters: [
        { name: '/p/fleets/gone/runner-tokens/abc', writtenAt: 3000 },
        { name: '/p/fleets/x', writtenAt: undefined },
      ],
    });
  });

  it('reports an invalid fleet and reads the others', async () => {
    ssm.on(GetParametersByPathCommand).resolves({
      Parameters: [
        { Name: '/p/fleets/broken/config', Value: '{' },
        { Name: '/p/fleets/renamed/config', Value: JSON.stringify(fleetInput()) },
        {
          Name: '/p/fleets/default/config',
          Value: JSON.stringify(fleetInput({ manager: { idleSeconds: 7 } })),
        },
      ],
    });
    const reports: string[] = [];
    const { fleets } = await read((fleet, problem) => reports.push(`${fleet}: ${problem}`));
    expect(reports).toEqual([
      expect.stringContaining('broken: /p/fleets/broken/config is not JSON'),
      expect.stringContaining('its name is "default"'),
    ]);
    expect(managerLimits(fleets.get('broken'))).toMatchObject({ idleSeconds: 300 });
    expect(managerLimits(fleets.get('default'))).toMatchObject({ idleSeconds: 7 });
    expect(managerLimits(undefined)).toMatchObject({ idleSeconds: 300 });
  });
});

describe('reading the cluster', () => {
  const arn = (number: number) => `arn:aws:ecs:eu-west-1:111122223333:task/cluster/${taskIdNumber(number)}`;
  const tasks = new Map<string, Task>([
    [
      arn(1),
      { taskArn: arn(1), lastStatus: 'RUNNING', taskDefinitionArn: definitionArn(managerFamily('default')) },
    ],
    [
      arn(2),
      { taskArn: arn(2), lastStatus: 'STOPPED', taskDefinitionArn: definitionArn(managerFamily('default')) },
    ],
    [
      arn(3),
      {
        taskArn: arn(3),
        lastStatus: 'RUNNING',
        startedBy: taskIdNumber(1),
        taskDefinitionArn: definitionArn(`${jobFamilyPrefix('default')}1`),
      },
    ],
    [
      arn(4),
      {
        taskArn: arn(4),
        lastStatus: 'RUNNING',
        startedBy: taskIdNumber(5),
        taskDefinitionArn: definitionArn(`${jobFamilyPrefix('default')}1`),
      },
    ],
    [
      arn(5),
      { taskArn: arn(5), lastStatus: 'RUNNING', taskDefinitionArn: definitionArn(managerFamily('default')) },
    ],
    [
      arn(6),
      {
        taskArn: arn(6),
        lastStatus: 'RUNNING',
        startedBy: 'somebody',
        taskDefinitionArn: definitionArn(`${jobFamilyPrefix('default')}1`),
      },
    ],
  ]);

  it('describes by id a manager that a job task names but the lists lack', async () => {
    ecs
      .on(ListTasksCommand, { desiredStatus: 'RUNNING' })
      .resolves({ taskArns: [arn(1), arn(3), arn(4), arn(6)] });
    ecs
      .on(ListTasksCommand, { desiredStatus: 'STOPPED', family: managerFamily('default') })
      .resolves({ taskArns: [arn(2)] });
    ecs.on(DescribeTasksCommand).callsFake(({ tasks: requested }: { tasks: string[] }) => ({
      tasks: requested.flatMap((name) =>
        [...tasks].filter(([key]) => key.endsWith(name)).map(([, task]) => task),
      ),
    }));
    const clusterState = await readClusterState(new ECSClient({ region: 'eu-west-1' }), 'cluster', [
      'default',
    ]);
    expect(clusterState.managers.map(({ taskArn }) => taskArn)).toEqual([arn(1), arn(2), arn(5)]);
    expect(clusterState.jobTasks.map(({ taskArn }) => taskArn)).toEqual([arn(3), arn(4), arn(6)]);
    const describes = ecs.commandCalls(DescribeTasksCommand).map((call) => call.args[0].input.tasks);
    expect(describes[1]).toEqual([taskIdNumber(5)]);
  });

  it('makes no further call when every manager is listed', async () => {
    ecs.on(ListTasksCommand).resolves({ taskArns: [] });
    expect(await readClusterState(new ECSClient({ region: 'eu-west-1' }), 'cluster', ['default'])).toEqual({
      managers: [],
      jobTasks: [],
    });
    expect(ecs.commandCalls(DescribeTasksCommand)).toHaveLength(0);
  });
});

describe('the environment', () => {
  it.each(['CLUSTER', 'EVENT_BUS_NAME'])('names %s when it is missing', (name) => {
    expect(() => readEnvironment({ CLUSTER: 'arn', EVENT_BUS_NAME: 'bus', [name]: undefined })).toThrow(name);
  });
});
