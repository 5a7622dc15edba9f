import { stripVTControlCharacters } from 'node:util';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createClients } from '../src/clients.ts';
import { changeFleet } from '../src/fleet/change-fleet.ts';
import { changedSettings, withSetting } from '../src/fleet/changed-settings.ts';
import { run } from '../src/run.ts';
import type { Terminal } from '../src/terminal.ts';

const deployAll = vi.hoisted(() => vi.fn());
vi.mock(import('@serverless-gitlab-runner/infra/operate'), async (original) => ({
  ...(await original()),
  deployAll,
}));

const cloudFormation = mockClient(CloudFormationClient);
const ssm = mockClient(SSMClient);
const before = { name: 'default', job: { size: { cpu: 1024, memory: 2048 } }, manager: { max: 2 } };
const other = { name: 'arm', gitlabUrl: 'https://git.example.com' };
const printed: string[] = [];
const terminal: Terminal = {
  print: (text) => printed.push(text),
  printError: (text) => printed.push(text),
  columns: 80,
  ask: undefined,
  now: Date.now,
};

beforeEach(() => {
  printed.length = 0;
  process.env.AWS_REGION = 'eu-west-1';
  deployAll.mockReset().mockResolvedValue({});
  cloudFormation.reset();
  ssm.reset();
  const keys = [
    ...['ClusterArn', 'ParameterPrefix', 'EventBusName', 'WebhookUrl', 'QueueUrl', 'LauncherDeadLettersUrl'],
    ...['ReaperDeadLettersUrl', 'WebhookReceiverLogGroup', 'RunnerLauncherLogGroup', 'ManagerLogGroup'],
    ...[
      'IdleReaperFunction',
      'IdleReaperLogGroup',
      'RunnerLauncherFunction',
      'WebhookReceiverFunction',
      'ClusterName',
    ],
  ];
  const Outputs = keys.map((OutputKey) => ({
    OutputKey,
    OutputValue: OutputKey === 'ParameterPrefix' ? '/p' : 'x',
  }));
  cloudFormation.on(DescribeStacksCommand).callsFake(({ StackName }) => ({
    Stacks: [{ StackName, StackStatus: 'CREATE_COMPLETE', Outputs }],
  }));
  ssm.on(GetParametersByPathCommand, { Path: '/p/settings' }).resolves({
    Parameters: [
      { Name: '/p/settings/installation', Value: '{"cache":{}}' },
      { Name: '/p/settings/fleets/default', Value: JSON.stringify(before) },
      { Name: '/p/settings/fleets/arm', Value: JSON.stringify(other) },
    ],
  });
});

const set = (...settings: string[]) => run(['fleet', 'set', 'default', ...settings], terminal);

describe('sgr fleet set', () => {
  it('shows what differs, and deploys all fleets with the settings of the installation', async () => {
    expect(await set('job.size.cpu=2048', 'job.size.memory=4096', 'manager.max=', '--yes')).toBe(0);
    expect(printed.slice(0, 4).map((line) => stripVTControlCharacters(line))).toEqual([
      'Fleet default:',
      '  job.size.cpu: 1024 → 2048',
      '  job.size.memory: 2048 → 4096',
      '  manager.max: 2 → default',
    ]);
    expect(deployAll).toHaveBeenCalledWith(
      expect.objectContaining({
        context: {
          cache: {},
          fleets: [other, { ...before, job: { size: { cpu: 2048, memory: 4096 } }, manager: {} }],
        },
        bootstrap: false,
      }),
    );
  });

  it.each([
    ['a size that Fargate lacks', ['job.size.cpu=3000', '--yes'], 1, /Fargate has no size cpu 3000/],
    ['a setting that does not exist', ['job.sise=1', '--yes'], 1, /unknown setting "job\.sise"/],
    ['an invalid value', ['manager.max=many', '--yes'], 1, /manager\.max/],
    ['something other than an assignment', ['manager.max', '--yes'], 2, /job\.size\.cpu=2048/],
    ['nobody to confirm it', ['manager.max=3'], 2, /confirm with --yes/],
  ])('changes nothing with %s', async (_title, args, code, message) => {
    expect(await set(...args)).toBe(code);
    expect(printed.join('\n')).toMatch(message);
    expect(deployAll).not.toHaveBeenCalled();
  });

  it('deploys nothing if nothing differs, or to see what would', async () => {
    expect(await set('manager.max=2', '--yes')).toBe(0);
    expect(await set('manager.max=3', '--dry-run')).toBe(0);
    expect(printed.join('\n')).toMatch(/has these settings already[\s\S]*2.* → 3/);
    expect(deployAll).not.toHaveBeenCalled();
  });

  it('says what to do with an installation that keeps no settings', async () => {
    ssm.on(GetParametersByPathCommand, { Path: '/p/settings' }).resolves({ Parameters: [] });
    expect(await set('manager.max=3', '--yes')).toBe(1);
    expect(printed.join('\n')).toContain('deployed by an older version, or is part of a stack of your own');
  });

  it('names the fleets if there is none of that name', async () => {
    expect(await run(['fleet', 'set', 'none', 'manager.max=3', '--yes'], terminal)).toBe(2);
    expect(printed.join('\n')).toContain('there are arm, default');
  });
});

describe('sgr fleet edit', () => {
  it('keeps the name of the fleet, whatever the editor wrote', async () => {
    const change = async () => ({ ...before, name: 'another', manager: { max: 5 } });
    await changeFleet(
      { name: 'default', change, yes: true, isDryRun: false, json: true },
      terminal,
      createClients(),
    );
    expect(JSON.parse(printed[0] ?? '')).toEqual({
      fleet: 'default',
      changes: [{ path: 'manager.max', before: 2, after: 5 }],
    });
    expect(deployAll.mock.calls[0]?.[0].context.fleets).toEqual([other, { ...before, manager: { max: 5 } }]);
  });
});

describe('settings by their paths', () => {
  it('are compared field by field, and lists as a whole', () => {
    const after = { ...before, job: { size: { cpu: 512, memory: 2048 }, capacity: ['FARGATE'] } };
    expect(changedSettings(before, after)).toEqual([
      { path: 'job.size.cpu', before: 1024, after: 512 },
      { path: 'job.capacity', before: undefined, after: ['FARGATE'] },
    ]);
    expect(changedSettings(before, before)).toEqual([]);
  });

  it('are created with what is around them, and removed', () => {
    expect(withSetting({}, 'a.b.c', 1)).toEqual({ a: { b: { c: 1 } } });
    expect(withSetting({ a: { b: 1, c: 2 } }, 'a.b', undefined)).toEqual({ a: { c: 2 } });
    expect(withSetting({ a: 'text' }, 'a.b', 1)).toEqual({ a: { b: 1 } });
  });
});
