import {
  CloudFormationClient,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import {
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  StopTaskCommand,
  TagResourceCommand,
} from '@aws-sdk/client-ecs';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { destroyInstallation } from '../src/destroy/destroy-installation.ts';

const SHARED = 'serverless-gitlab-runner-shared';
const cloudFormationMock = mockClient(CloudFormationClient);
const ecsMock = mockClient(ECSClient);

/** An account: its stacks, the cluster's tasks, and the actions on them, in order. */
let stacks: Set<string>;
let tasks: Map<string, { group: string; lastStatus: string; desiredStatus: string }>;
let actions: string[];
/** Called whenever tasks are listed. */
let onList: () => void;

const short = (stack: string) => stack.replace('serverless-gitlab-runner-', '');

beforeEach(() => {
  stacks = new Set(
    ['shared', 'webhook-receiver', 'runner-launcher', 'idle-reaper'].map(
      (name) => `serverless-gitlab-runner-${name}`,
    ),
  );
  tasks = new Map([
    [
      'manager',
      {
        group: 'family:serverless-gitlab-runner-manager-default',
        lastStatus: 'RUNNING',
        desiredStatus: 'RUNNING',
      },
    ],
    [
      'job',
      {
        group: 'family:serverless-gitlab-runner-job-default_1',
        lastStatus: 'RUNNING',
        desiredStatus: 'RUNNING',
      },
    ],
  ]);
  actions = [];
  onList = () => undefined;
  cloudFormationMock.reset();
  cloudFormationMock.on(DescribeStackEventsCommand).resolves({ StackEvents: [] });
  cloudFormationMock.on(DescribeStacksCommand).callsFake(({ StackName }) => {
    if (!stacks.has(StackName)) throw Object.assign(new Error('does not exist'), { name: 'ValidationError' });
    const Outputs = StackName === SHARED ? [{ OutputKey: 'ClusterArn', OutputValue: 'cluster' }] : [];
    const StackStatus = actions.includes(`failed ${short(StackName)}`) ? 'DELETE_FAILED' : 'CREATE_COMPLETE';
    return { Stacks: [{ StackName, StackStatus, Outputs }] };
  });
  cloudFormationMock.on(DeleteStackCommand).callsFake(({ StackName }) => {
    const refused =
      StackName === SHARED && [...tasks.values()].some(({ lastStatus }) => lastStatus !== 'STOPPED');
    actions.push(`${refused ? 'failed' : 'deleted'} ${short(StackName)}`);
    if (!refused) stacks.delete(StackName);
    return {};
  });
  ecsMock.reset();
  ecsMock.on(ListTasksCommand).callsFake(({ desiredStatus }) => {
    onList();
    return {
      taskArns: [...tasks].filter(([, task]) => task.desiredStatus === desiredStatus).map(([arn]) => arn),
    };
  });
  ecsMock.on(DescribeTasksCommand).callsFake(({ tasks: arns }: { tasks: string[] }) => ({
    tasks: arns.map((taskArn) => ({ taskArn, ...tasks.get(taskArn) })),
  }));
  ecsMock.on(TagResourceCommand).callsFake(({ resourceArn, tags }) => {
    actions.push(`tagged ${resourceArn} ${tags[0].key}`);
    return {};
  });
  ecsMock.on(StopTaskCommand).callsFake(({ task }) => {
    actions.push(`stopped ${task}`);
    end(task);
    return {};
  });
});

function end(task: string): void {
  const found = tasks.get(task);
  if (found) tasks.set(task, { ...found, lastStatus: 'STOPPED', desiredStatus: 'STOPPED' });
}

function destroy(drainMs: number): Promise<void> {
  return destroyInstallation({
    cloudFormation: new CloudFormationClient({ region: 'eu-west-1' }),
    ecs: new ECSClient({ region: 'eu-west-1' }),
    log: () => undefined,
    drainMs,
    pollMs: 0,
  });
}

describe('removing an installation', () => {
  it('removes what starts managers first, then the managers when their jobs are done, then the rest', async () => {
    let lists = 0;
    onList = () => {
      lists += 1;
      if (lists === 6) for (const task of tasks.keys()) end(task);
    };
    await destroy(60_000);
    expect(actions.slice(0, 2).sort()).toEqual(['deleted runner-launcher', 'deleted webhook-receiver']);
    expect(actions.slice(2)).toEqual([
      ...['tagged manager serverless-gitlab-runner:drain', 'deleted idle-reaper', 'deleted shared'],
    ]);
  });

  it('stops all tasks immediately without a drain time, managers first', async () => {
    await destroy(0);
    expect(actions.slice(2)).toEqual([
      'stopped manager',
      'stopped job',
      'deleted idle-reaper',
      'deleted shared',
    ]);
  });

  it('stops a manager that a launcher started during the removal', async () => {
    const late = {
      group: 'family:serverless-gitlab-runner-manager-default',
      lastStatus: 'PENDING',
      desiredStatus: 'RUNNING',
    };
    cloudFormationMock
      .on(DeleteStackCommand, { StackName: 'serverless-gitlab-runner-idle-reaper' })
      .callsFake(() => {
        stacks.delete('serverless-gitlab-runner-idle-reaper');
        tasks.set('late', late);
        return {};
      });
    await destroy(0);
    expect(actions.slice(2)).toEqual([
      'stopped manager',
      'stopped job',
      'failed shared',
      'stopped late',
      'deleted shared',
    ]);
  });

  it('can resume a partial removal', async () => {
    stacks = new Set([SHARED]);
    tasks = new Map();
    await destroy(0);
    expect(actions).toEqual(['deleted shared']);
  });
});
