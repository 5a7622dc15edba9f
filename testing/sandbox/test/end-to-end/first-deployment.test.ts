import {
  CloudFormationClient,
  DescribeStacksCommand,
  ListStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeClustersCommand, ECSClient, ListTaskDefinitionFamiliesCommand } from '@aws-sdk/client-ecs';
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import {
  type Emulator,
  EmulatorSwitches,
  emulatorClient,
  taskContainers,
} from '@serverless-gitlab-runner/aws-emulator';
import {
  type GitLabDouble,
  type Job,
  type Project,
  startGitLabDouble,
} from '@serverless-gitlab-runner/gitlab-double';
import { Cleanup, HOST_ARCHITECTURE } from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTasks, TaskObserver } from '../../src/system/observe-tasks.ts';
import { type PreparedMachine, prepareMachine } from '../../src/system/prepare-machine.ts';
import { reachableUrl } from '../../src/system/reachable-url.ts';
import { startEmulatorFor } from '../../src/system/start-emulator.ts';
import {
  ACCOUNT,
  Operator,
  printedCommands,
  REGION,
  type ShellResult,
  shellBlocks,
} from './support/operator.ts';

const log = (line: string) => process.stderr.write(`${line}\n`);
const cleanup = new Cleanup(log);
const CLUSTER = 'serverless-gitlab-runner';
const README = 'packages/infra/README.md';

let machine: PreparedMachine;
let emulator: Emulator;
let operator: Operator;
let gitlab: GitLabDouble;
let project: Project;
let observer: TaskObserver;
let ecs: ECSClient;
let sqs: SQSClient;
let blocks: string[];
let deployed: ShellResult;

beforeAll(async () => {
  machine = await prepareMachine({ log, cleanup, demoImages: false });
  emulator = await startEmulatorFor(log, cleanup, machine);
  await new EmulatorSwitches(emulator.endpoint).setAccount({
    new: true,
    lagSeconds: 3,
    mayCreateRole: false,
  });
  gitlab = await startGitLabDouble({ host: emulator.gatewayAddress });
  cleanup.add('the GitLab double', () => gitlab.stop());
  operator = await Operator.of(emulator);
  cleanup.add('the operator', () => operator.leave());
  ecs = new ECSClient(emulatorClient(emulator.endpoint));
  sqs = new SQSClient(emulatorClient(emulator.endpoint));
  blocks = await shellBlocks(README, 'From an empty account to the first job, in a clone');
}, 5 * 60_000);

afterAll(() => cleanup.run(), 60_000);

/** Context that replaces a user's `cdk.json`: images cannot be built and pushed to an emulator. */
function settings(): string {
  const fleets = [
    {
      name: 'default',
      gitlabUrl: gitlab.url,
      manager: { checkIntervalSeconds: 1, drainPollSeconds: 0.5, idleSeconds: 300 },
      job: {
        size: { cpu: 256, memory: 512 },
        architecture: HOST_ARCHITECTURE,
        defaultImage: machine.images.defaultJob,
      },
    },
  ];
  const context = {
    fleets: JSON.stringify(fleets),
    cache: '{}',
    managerArchitecture: HOST_ARCHITECTURE,
    runnerImage: machine.images.manager,
    jobBaseImage: machine.images.helper,
  };
  return Object.entries(context)
    .map(([key, value]) => `-c '${key}=${value}'`)
    .join(' ');
}

/** Fills in the placeholders in a block of the README. Omits `npm ci`, which was done before these tests. */
function fillIn(block: string): string {
  return block
    .replace('npm ci\n', '')
    .replace('ACCOUNT/REGION', `${ACCOUNT}/${REGION}`)
    .replace(/^npm run deploy$/m, `npm run deploy -- ${settings()}`);
}

async function queue(script: string): Promise<Job> {
  const pipeline = await gitlab.createPipeline(project, {
    stages: ['test'],
    jobs: [{ name: 'job', stage: 'test', script: [script] }],
  });
  const [job] = pipeline.jobs;
  if (!job) throw new Error('the pipeline has no job');
  return job;
}

function succeeds(job: Job): Promise<Job> {
  return gitlab.waitForJob(job.id, undefined, 100_000);
}

describe('a first deployment with the commands of the README, into a new account where the deployer may not create the role', () => {
  it('has its commands in order', () => {
    expect(blocks).toEqual([
      'npm ci\n   npx cdk bootstrap aws://ACCOUNT/REGION',
      'npm run deploy',
      'npx sgr next-steps',
    ]);
  });

  it('bootstraps and deploys', { timeout: 10 * 60_000 }, async () => {
    const bootstrapped = await operator.run(fillIn(blocks[0] ?? ''), { onLine: log });
    expect(bootstrapped.code, bootstrapped.output).toBe(0);
    deployed = await operator.run(fillIn(blocks[1] ?? ''), { onLine: log });
    expect(deployed.code, deployed.output).toBe(0);
    expect(deployed.output).not.toContain('\u001b');
  });

  it('explains that the first attempt failed because the role is missing, and retries once', () => {
    expect(deployed.output).toContain('may not create AWSServiceRoleForECS');
    expect(deployed.output).toMatch(/serverless-gitlab-runner-shared failed, as first stacks do/);
  });

  it('stores the secrets with the commands that it prints at the end', {
    timeout: 120_000,
  }, async () => {
    const screen = deployed.stdout;
    const { token } = gitlab.createRunner({ description: 'by hand' });
    const [runnerToken] = printedCommands(screen, /^read -rs .*runner-token/);
    const [webhookSecret] = printedCommands(screen, /^SECRET=.*webhook-secret/);
    const [url] = printedCommands(screen, /\?fleet=default$/);
    for (const command of [runnerToken, webhookSecret]) expect(command).toContain(' --overwrite ');
    const stored = await operator.run(runnerToken ?? '', { input: `${token}\n` });
    expect(stored.code, stored.output).toBe(0);
    expect(stored.output).not.toContain(token);
    const made = await operator.run(webhookSecret ?? '');
    expect(made.stdout).toMatch(/^[0-9a-f]{64}\n$/);
    const ssm = new SSMClient(emulatorClient(emulator.endpoint));
    const Path = '/serverless-gitlab-runner/fleets/default';
    const { Parameters } = await ssm.send(new GetParametersByPathCommand({ Path, WithDecryption: true }));
    const values = new Map(Parameters?.map(({ Name = '', Value }) => [Name.slice(Path.length + 1), Value]));
    expect(values.get('runner-token')).toBe(token);
    expect(values.get('webhook-secret')).toBe(made.stdout.trim());
    project = await gitlab.createProject({ path: 'teams/shop' });
    await gitlab.pushCommit(project, { message: 'first', files: { 'README.md': '# Shop\n' } });
    gitlab.addWebhook({
      url: reachableUrl(url ?? '', emulator),
      token: made.stdout.trim(),
      projectId: project.id,
    });
    // As an operator adds it: its host resolves on AWS only.
    gitlab.addWebhook({ url: url ?? '', token: made.stdout.trim(), projectId: project.id });
    observer = new TaskObserver(ecs, CLUSTER, () => undefined);
    cleanup.add('the observer', () => observer.stop());
  });

  it('runs the first job', { timeout: 120_000 }, async () => {
    const job = await succeeds(await queue('echo first'));
    expect(job.status, job.trace.text).toBe('success');
  });

  it('prints the next steps again, including what is stored', { timeout: 60_000 }, async () => {
    const { code, stdout } = await operator.run(blocks[2] ?? '');
    expect(code).toBe(0);
    expect(stdout.match(/Already stored/g)).toHaveLength(2);
    expect(stdout).not.toContain('\u001b');
  });

  it('does not deploy the shared stack again for a service if it exists', {
    timeout: 3 * 60_000,
  }, async () => {
    const { code, output } = await operator.run('node packages/infra/src/deploy.ts shared-if-missing');
    expect(code, output).toBe(0);
    expect(output).toMatch(/^serverless-gitlab-runner-shared exists and is not changed$/m);
    expect(output).not.toContain('deploying');
  });
});

describe('sgr redrive', () => {
  async function outputs(): Promise<Record<string, string>> {
    const { Stacks = [] } = await new CloudFormationClient(emulatorClient(emulator.endpoint)).send(
      new DescribeStacksCommand({}),
    );
    const all = Stacks.flatMap(({ Outputs = [] }) => Outputs);
    return Object.fromEntries(all.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
  }

  it("moves a message in the dead-letter queue back to the launcher's queue", {
    timeout: 120_000,
  }, async () => {
    const { LauncherDeadLettersUrl: QueueUrl = '' } = await outputs();
    const MessageBody = JSON.stringify({
      'detail-type': 'NobodyKnows',
      id: 'an-id',
      source: 'somebody',
      time: '',
      detail: {},
    });
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    const { code, output } = await operator.run('npx sgr redrive --queue launcher');
    expect(code, output).toBe(0);
    expect(output).toContain('launcher: moved 1 message back to its queue');
  });

  it("invokes the reaper with its dead-letter queue's events; an invalid one stays, and the exit code is 1", {
    timeout: 120_000,
  }, async () => {
    const { ReaperDeadLettersUrl: QueueUrl = '' } = await outputs();
    for (const MessageBody of ['{"source":"aws.scheduler"}', 'not JSON'])
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    const { code, output } = await operator.run('npx sgr redrive --queue reaper');
    expect(output).toContain('reaper: processed 1 message; it failed for 1 message');
    expect(code).toBe(1);
    const query = { QueueUrl, AttributeNames: ['ApproximateNumberOfMessagesNotVisible' as const] };
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand(query));
    expect(Attributes?.ApproximateNumberOfMessagesNotVisible).toBe('1');
  });
});

describe('sgr destroy', () => {
  let destroyed: ShellResult;
  let running: Job;
  let late: Job;

  it('requires --yes', { timeout: 60_000 }, async () => {
    const { code, output } = await operator.run('npx sgr destroy');
    expect(code).toBe(2);
    expect(output).toContain('confirm with --yes');
    expect(output).toContain('webhook-secret');
  });

  it('lets a running job finish, and starts nothing for one that is queued meanwhile', {
    timeout: 5 * 60_000,
  }, async () => {
    running = await queue(
      'echo begun; while [ ! -e /tmp/go ]; do sleep 1; [ $((i=i+1)) -gt 20 ] && touch /tmp/go; done',
    );
    await gitlab.waitForJob(running.id, ({ trace }) => trace.text.includes('begun'), 90_000);
    const before = managersSeen();
    const destroying = operator.run(`GITLAB_TOKEN=${gitlab.privateToken} npx sgr destroy --yes`, {
      onLine: (line) => {
        log(line);
        if (/runner-launcher: removed/.test(line)) void queueLate();
      },
    });
    destroyed = await destroying;
    expect(destroyed.code, destroyed.output).toBe(0);
    expect(running.status, running.trace.text).toBe('success');
    // Either the existing manager runs it before it notices its drain, or it stays pending.
    expect(['success', 'pending']).toContain(late.status);
    expect(managersSeen()).toBe(before);
  });

  async function queueLate(): Promise<void> {
    late = await queue('echo late');
  }

  function managersSeen(): number {
    return observer.tasks.filter(({ role }) => role === 'manager').length;
  }

  it('removes the launcher and the receiver first, then the reaper, then the shared stack', () => {
    const removed = [...destroyed.output.matchAll(/serverless-gitlab-runner-([a-z-]+): removed/g)].map(
      ([, name]) => name,
    );
    expect(removed.slice(0, 2).sort()).toEqual(['runner-launcher', 'webhook-receiver']);
    expect(removed.slice(2)).toEqual(['idle-reaper', 'shared']);
  });

  it('leaves nothing running', async () => {
    await observer.stop();
    expect(await taskContainers(machine.runId)).toEqual([]);
    const { clusters } = await ecs.send(new DescribeClustersCommand({ clusters: [CLUSTER] }));
    expect(clusters?.filter(({ status }) => status === 'ACTIVE')).toEqual([]);
    const cloudFormation = new CloudFormationClient(emulatorClient(emulator.endpoint));
    const { StackSummaries = [] } = await cloudFormation.send(new ListStacksCommand({}));
    const left = StackSummaries.filter(({ StackStatus }) => StackStatus !== 'DELETE_COMPLETE');
    expect(left.map(({ StackName }) => StackName)).toEqual(['CDKToolkit']);
  });

  it('leaves nothing in the account but what CDK keeps for other apps', async () => {
    const client = emulatorClient(emulator.endpoint);
    const { Parameters } = await new SSMClient(client).send(
      new GetParametersByPathCommand({ Path: '/serverless-gitlab-runner', Recursive: true }),
    );
    const { families } = await ecs.send(new ListTaskDefinitionFamiliesCommand({ familyPrefix: CLUSTER }));
    const { logGroups = [] } = await new CloudWatchLogsClient(client).send(new DescribeLogGroupsCommand({}));
    const buckets = await bucketNames();
    expect({ Parameters, families }).toEqual({ Parameters: [], families: [] });
    expect(logGroups.map(({ logGroupName }) => logGroupName)).toEqual([]);
    expect(buckets.filter((name) => !name.startsWith('cdk-'))).toEqual([]);
  });

  it('leaves nothing at GitLab of what it knows', () => {
    expect([...gitlab.webhooks.values()].map(({ url }) => url)).toEqual([
      expect.stringContaining('/_aws/lambda-url/'),
    ]);
    expect([...gitlab.runners.values()].map(({ revoked }) => revoked)).toEqual([true]);
    expect(gitlab.protocolErrors).toEqual([]);
  });

  it('lists what it removed, and what stays', () => {
    const screen = destroyed.stdout;
    expect(screen).toContain('stacks (4)');
    for (const name of ['runner-token', 'webhook-secret']) expect(screen).toContain(`fleets/default/${name}`);
    expect(screen).toMatch(/buckets of the jobs' caches.* \(1\)/);
    expect(screen).toMatch(/the Lambdas' bundles.* \(3\)/);
    expect(screen).toMatch(/task definitions.* \(\d+\)/);
    expect(screen).toContain('webhooks at GitLab (1)');
    expect(screen).toMatch(/runners at GitLab.* \(1\)/);
    expect(screen).toContain('What stays:\n  CDKToolkit');
  });

  async function bucketNames(): Promise<string[]> {
    const answer = await fetch(emulator.endpoint, {
      headers: {
        authorization:
          'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0',
      },
    });
    return [...(await answer.text()).matchAll(/<Name>([^<]+)<\/Name>/g)].map(([, name = '']) => name);
  }

  it('reports on a second run that nothing is deployed', { timeout: 60_000 }, async () => {
    const { code, output } = await operator.run('npx sgr destroy --yes');
    expect(code, output).toBe(0);
    expect(output).toContain('Nothing of this installation is left in us-east-1.');
    expect((await readTasks(ecs, CLUSTER).catch(() => [])).length).toBe(0);
  });
});
