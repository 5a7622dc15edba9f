import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  GetParameterCommand,
  GetParametersByPathCommand,
  ParameterNotFound,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { type InitOptions, type InitResult, runInit } from '@serverless-gitlab-runner/cli';
import { type GitLabDouble, startGitLabDouble } from '@serverless-gitlab-runner/gitlab-double';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const PREFIX = '/serverless-gitlab-runner';
const RUNNER_TOKEN = `${PREFIX}/fleets/default/runner-token`;
const SECRET = `${PREFIX}/fleets/default/webhook-secret`;
const RUNNER_NAME = 'serverless-gitlab-runner default (123456789012, eu-west-1)';

let gitlab: GitLabDouble;
let receiver: Server;
let receiverUrl: string;
/** Parameter Store, by name. */
let parameters: Map<string, string>;
const aws = {
  cloudFormation: mockClient(CloudFormationClient),
  ssm: mockClient(SSMClient),
  sts: mockClient(STSClient),
};

beforeEach(async () => {
  gitlab = await startGitLabDouble({ host: '127.0.0.1' });
  parameters = new Map();
  for (const mock of Object.values(aws)) mock.reset();
  aws.sts.on(GetCallerIdentityCommand).resolves({ Account: '123456789012' });
  aws.cloudFormation.on(DescribeStacksCommand).callsFake(({ StackName }) => {
    throw Object.assign(new Error(`Stack with id ${StackName} does not exist`), { name: 'ValidationError' });
  });
  aws.ssm.on(GetParametersByPathCommand).resolves({ Parameters: [] });
  aws.ssm.on(GetParameterCommand).callsFake(({ Name }) => {
    const Value = parameters.get(Name);
    if (Value === undefined) throw new ParameterNotFound({ message: Name, $metadata: {} });
    return { Parameter: { Value } };
  });
  aws.ssm.on(PutParameterCommand).callsFake(({ Name, Value, Type }) => {
    expect(Type).toBe('SecureString');
    parameters.set(Name, Value);
  });
  receiver = createServer((request, response) => {
    const isAuthentic = request.headers['x-gitlab-token'] === parameters.get(SECRET);
    request.resume().on('end', () => response.writeHead(isAuthentic ? 204 : 401).end());
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  receiverUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
});

afterEach(async () => {
  await new Promise((resolve) => receiver.close(resolve));
  await gitlab.stop();
});

interface Call {
  target?: InitOptions['request']['target'];
  request?: Partial<InitOptions['request']>;
  tokens?: InitOptions['tokens'];
  confirm?: boolean;
}

const lines: string[] = [];
const deployments: Parameters<InitOptions['deploy']>[0][] = [];

async function init({
  target,
  request,
  confirm = true,
  ...rest
}: Call = {}): Promise<InitResult | undefined> {
  lines.length = 0;
  deployments.length = 0;
  const region = 'eu-west-1';
  const clients = {
    cloudFormation: new CloudFormationClient({ region }),
    ssm: new SSMClient({ region }),
    sts: new STSClient({ region }),
  };
  return runInit({
    request: {
      fleet: 'default',
      gitlabUrl: gitlab.url,
      target: target ?? { kind: 'project', paths: ['team/app'] },
      tagList: ['fargate'],
      runUntagged: false,
      settings: {},
      ...request,
    },
    tokens: 'tokens' in rest ? rest.tokens : { token: gitlab.privateToken },
    clients,
    async deploy(options) {
      deployments.push(options);
      return { webhookUrl: receiverUrl, parameterPrefix: PREFIX };
    },
    confirm: async () => confirm,
    log: (line) => lines.push(line),
    now: Date.now,
  });
}

const runners = () => [...gitlab.runners.values()].filter(({ revoked }) => !revoked);
const hooks = () => [...gitlab.webhooks.values()];

async function runJob(path: string, tags: string[] = []) {
  const project = await gitlab.createProject({ path });
  await gitlab.pushCommit(project, { message: 'first', files: { 'README.md': '#' } });
  await gitlab.createPipeline(project, {
    stages: ['t'],
    jobs: [{ name: 'a', stage: 't', tags, script: ['true'] }],
  });
  return project;
}

describe('sgr init, for a project', () => {
  it('makes runner, secret and webhook, and lets GitLab test it', async () => {
    const project = await runJob('team/app');
    const result = await init();
    expect(result).toMatchObject({ byHand: [], tested: ['team/app'], untested: [] });
    expect(deployments).toEqual([
      {
        bootstrap: true,
        context: {
          fleets: [
            { name: 'default', gitlabUrl: gitlab.url, runner: { tagList: ['fargate'], runUntagged: false } },
          ],
        },
      },
    ]);
    expect(runners()).toMatchObject([
      {
        description: RUNNER_NAME,
        tags: ['fargate'],
        runUntagged: false,
        token: parameters.get(RUNNER_TOKEN),
        scope: { type: 'project_type', projectIds: new Set([project.id]) },
      },
    ]);
    expect(hooks()).toMatchObject([
      {
        url: `${receiverUrl}?fleet=default`,
        projectId: project.id,
        token: parameters.get(SECRET),
        events: { job: true, pipeline: false },
      },
    ]);
    expect(gitlab.deliveries).toMatchObject([{ event: 'Job Hook', status: 204 }]);
    expect(gitlab.protocolErrors).toEqual([]);
    const shown = JSON.stringify([result, lines]);
    for (const secret of [parameters.get(SECRET), parameters.get(RUNNER_TOKEN), gitlab.privateToken])
      expect(shown).not.toContain(secret);
  });

  it('changes nothing before it is confirmed', async () => {
    await runJob('team/app');
    expect(await init({ confirm: false })).toBeUndefined();
    expect([deployments, runners(), hooks(), [...parameters]]).toEqual([[], [], [], []]);
  });

  it('may be repeated: it keeps what exists, and renews what somebody changed', async () => {
    await runJob('team/app');
    await init();
    const before = {
      secret: parameters.get(SECRET),
      token: parameters.get(RUNNER_TOKEN),
      hook: hooks()[0]?.id,
    };
    const [hook] = hooks();
    if (hook) Object.assign(hook, { token: 'another', events: { job: false, pipeline: true } });
    // The URL of an existing installation is known, so its webhook is found.
    await init();
    expect(hooks()).toMatchObject([{ id: before.hook, token: before.secret, events: { job: true } }]);
    expect(runners()).toMatchObject([{ token: before.token }]);
    expect(parameters.get(SECRET)).toBe(before.secret);
  });

  it('that failed after the runner was created gives that runner a new token, which GitLab shows once', async () => {
    await runJob('team/app');
    let hasFailed = false;
    aws.ssm.on(PutParameterCommand, { Name: RUNNER_TOKEN }).callsFake(({ Name, Value }) => {
      if (hasFailed) return void parameters.set(Name, Value);
      hasFailed = true;
      throw new Error('the network is gone');
    });
    await expect(init()).rejects.toThrow('the network is gone');
    const [lost] = runners();
    await init();
    expect(runners()).toMatchObject([{ id: lost?.id, token: parameters.get(RUNNER_TOKEN) }]);
    expect(hooks()).toHaveLength(1);
  });

  it('replaces a token that GitLab refuses', async () => {
    await runJob('team/app');
    parameters.set(RUNNER_TOKEN, 'glrt-of-a-deleted-runner');
    await init();
    expect(runners()).toMatchObject([{ token: parameters.get(RUNNER_TOKEN) }]);
  });

  it('gives an existing runner other tags', async () => {
    await runJob('team/app');
    await init();
    await init({ request: { tagList: ['fargate', 'arm'] } });
    expect(runners()).toMatchObject([{ tags: ['fargate', 'arm'] }]);
  });

  it('says what GitLab could not test in a project without jobs', async () => {
    await gitlab.createProject({ path: 'team/app' });
    expect(await init()).toMatchObject({ tested: [], untested: ['team/app'] });
  });

  it('fails with what GitLab got if its webhook is refused', async () => {
    await runJob('team/app');
    receiver.removeAllListeners('request');
    receiver.on('request', (request, response) => {
      const isGitLab = request.headers['user-agent']?.startsWith('GitLab/');
      request
        .resume()
        .on('end', () => response.writeHead(isGitLab ? 403 : 204).end('Forbidden by a firewall'));
    });
    await expect(init()).rejects.toMatchObject({
      name: 'GitLabError',
      message: expect.stringContaining('Forbidden by a firewall'),
    });
  });
});

describe('sgr init, for several projects or a group', () => {
  it('makes one runner for all projects, and a webhook in each', async () => {
    const [app, api] = [await runJob('team/app'), await runJob('team/api')];
    await init({ target: { kind: 'project', paths: ['team/app', 'team/api'] } });
    expect(runners()).toMatchObject([{ scope: { projectIds: new Set([app.id, api.id]) } }]);
    expect(hooks().map(({ projectId }) => projectId)).toEqual([app.id, api.id]);
    expect(gitlab.protocolErrors).toEqual([]);
    await init({ target: { kind: 'project', paths: ['team/app', 'team/api'] } });
    expect([runners().length, hooks().length, gitlab.protocolErrors]).toEqual([1, 2, []]);
  });

  it.each([
    ['one webhook where the plan has that', true, [null]],
    ['a webhook in each project where it has not', false, [1, 2]],
  ])('makes a runner of the group, and %s', async (_title, groupWebhooks, expected) => {
    await gitlab.stop();
    gitlab = await startGitLabDouble({ host: '127.0.0.1', groupWebhooks });
    await runJob('team/app');
    await runJob('team/sub/api');
    await runJob('other/app');
    await init({ target: { kind: 'group', path: 'team' } });
    expect(runners()).toMatchObject([{ scope: { type: 'group_type', group: 'team' } }]);
    expect(hooks().map(({ projectId }) => projectId)).toEqual(expected);
  });
});

describe('sgr init, with other tokens', () => {
  it('leaves GitLab to whoever has none', async () => {
    expect(await init({ tokens: undefined })).toMatchObject({ byHand: ['runner', 'hook'] });
    expect(parameters.has(SECRET)).toBe(true);
  });

  it('makes the runner with a token that may do no more, and leaves the webhook', async () => {
    await runJob('team/app');
    const tokens = {
      token: gitlab.createAccessToken(['read_api']),
      createRunnerToken: gitlab.createAccessToken(['create_runner']),
    };
    expect(await init({ tokens })).toMatchObject({ byHand: ['hook'] });
    expect(runners()).toMatchObject([{ token: parameters.get(RUNNER_TOKEN) }]);
    expect(hooks()).toEqual([]);
  });

  it('changes nothing with a token that GitLab refuses', async () => {
    await runJob('team/app');
    await expect(init({ tokens: { token: 'glpat-wrong' } })).rejects.toMatchObject({
      name: 'GitLabError',
      message: expect.stringContaining('refuses GITLAB_TOKEN'),
    });
    expect(deployments).toEqual([]);
  });
});
