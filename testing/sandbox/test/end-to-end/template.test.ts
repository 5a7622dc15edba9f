import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStacksCommand,
  ListStackResourcesCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { DescribeSubnetsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { type Emulator, emulatorClient } from '@serverless-gitlab-runner/aws-emulator';
import { parameterNames } from '@serverless-gitlab-runner/fleet';
import { type GitLabDouble, startGitLabDouble } from '@serverless-gitlab-runner/gitlab-double';
import {
  Cleanup,
  HOST_ARCHITECTURE,
  NODE_BINARY,
  REPOSITORY_ROOT,
  tryCommand,
  until,
} from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PreparedMachine, prepareMachine } from '../../src/system/prepare-machine.ts';
import { reachableUrl } from '../../src/system/reachable-url.ts';
import { startEmulatorFor } from '../../src/system/start-emulator.ts';
import { runSgr } from './support/run-sgr.ts';

const log = (line: string) => process.stderr.write(`${line}\n`);
const cleanup = new Cleanup(log);
const STACK = 'serverless-gitlab-runner';
const BUCKET = 'code-of-the-team';
const PREFIX = '/serverless-gitlab-runner';
const names = parameterNames(PREFIX, 'default');

let machine: PreparedMachine;
let emulator: Emulator;
let gitlab: GitLabDouble;
let cloudFormation: CloudFormationClient;
let ssm: SSMClient;
let parameters: Record<string, string>;

beforeAll(async () => {
  machine = await prepareMachine({ log, cleanup, demoImages: false });
  emulator = await startEmulatorFor(log, cleanup, machine);
  gitlab = await startGitLabDouble({
    host: emulator.gatewayAddress,
    reachableUrl: (url) => reachableUrl(url, emulator),
  });
  cleanup.add('the GitLab double', () => gitlab.stop());
  const client = emulatorClient(emulator.endpoint);
  cloudFormation = new CloudFormationClient(client);
  ssm = new SSMClient(client);
  await upload(new S3Client({ ...client, forcePathStyle: true }));
  parameters = {
    ...(await network(new EC2Client(client))),
    CodeBucket: BUCKET,
    CodePrefix: 'runner/',
    ManagerImage: machine.images.manager,
    HelperImage: machine.images.helper,
    GitLabUrl: gitlab.url,
    GitLabPort: new URL(gitlab.url).port,
    ManagerSettings: '{"checkIntervalSeconds": 1, "drainPollSeconds": 0.5, "idleSeconds": 300}',
    JobSettings: JSON.stringify({
      size: { cpu: 256, memory: 512 },
      architecture: HOST_ARCHITECTURE,
      defaultImage: machine.images.defaultJob,
    }),
  };
}, 5 * 60_000);

afterAll(() => cleanup.run(), 60_000);

/** Writes the template as a release does, and uploads it and the services' code as its page tells. */
async function upload(s3: S3Client): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'plain-template-'));
  cleanup.add('the template', () => rm(folder, { recursive: true }));
  const program = join(REPOSITORY_ROOT, 'packages/infra/src/template.ts');
  const { code, stderr } = await tryCommand(NODE_BINARY, [program, folder]);
  expect(code, stderr).toBe(0);
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  for (const name of readdirSync(folder)) {
    const Body = readFileSync(join(folder, name));
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: `runner/${name}`, Body }));
  }
}

/** The default VPC and its subnets. */
async function network(ec2: EC2Client): Promise<Record<string, string>> {
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand());
  const [first] = Subnets;
  if (first?.VpcId === undefined) throw new Error('the account has no default VPC');
  const ids = Subnets.flatMap(({ SubnetId, VpcId }) => (VpcId === first.VpcId ? (SubnetId ?? []) : []));
  return { VpcId: first.VpcId, SubnetIds: ids.join(',') };
}

function request(values: Record<string, string>) {
  return {
    StackName: STACK,
    TemplateURL: `${emulator.endpoint}/${BUCKET}/runner/template.json`,
    Capabilities: ['CAPABILITY_IAM' as const],
    Parameters: Object.entries(values).map(([ParameterKey, ParameterValue]) => ({
      ParameterKey,
      ParameterValue,
    })),
  };
}

async function outputsOnce(status: string): Promise<Map<string, string>> {
  const stack = await until(
    `${STACK} to be ${status}`,
    async () => {
      const { Stacks: [found] = [] } = await cloudFormation.send(
        new DescribeStacksCommand({ StackName: STACK }),
      );
      if (/FAILED|ROLLBACK/.test(found?.StackStatus ?? '')) throw new Error(found?.StackStatusReason);
      return found?.StackStatus === status ? found : undefined;
    },
    60_000,
    500,
  );
  return new Map(
    (stack.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  );
}

async function documentOf(fleet: string): Promise<unknown> {
  const Name = parameterNames(PREFIX, fleet).config;
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name }));
  return JSON.parse(Parameter?.Value ?? '');
}

describe('an installation from the plain template', () => {
  let url: string;

  it('is created from parameters', { timeout: 120_000 }, async () => {
    await cloudFormation.send(new CreateStackCommand(request(parameters)));
    const outputs = await outputsOnce('CREATE_COMPLETE');
    url = outputs.get('WebhookUrl') ?? '';
    expect(url).toMatch(/^https?:/);
    expect(await documentOf('default')).toMatchObject({
      gitlabUrl: gitlab.url,
      job: { size: { cpu: 256, memory: 512 } },
      network: { subnets: parameters.SubnetIds?.split(','), assignPublicIp: false },
    });
  });

  it('runs a job', { timeout: 3 * 60_000 }, async () => {
    const { token } = gitlab.createRunner({ description: 'from a template' });
    await secret(names.runnerToken, token);
    await secret(names.webhookSecret, 'a-secret-of-this-test');
    const project = await gitlab.createProject({ path: 'team/app' });
    await gitlab.pushCommit(project, { message: 'first', files: { 'README.md': '# App\n' } });
    gitlab.addWebhook({ url: `${url}?fleet=default`, token: 'a-secret-of-this-test', projectId: project.id });
    const { jobs } = await gitlab.createPipeline(project, {
      stages: ['test'],
      jobs: [{ name: 'unit', stage: 'test', script: ['echo "from a plain template"'] }],
    });
    const job = await gitlab.waitForJob(jobs[0]?.id ?? 0, undefined, 120_000);
    expect(job.status, job.trace.text).toBe('success');
    expect(job.trace.text).toContain('from a plain template');
  });

  it('is read by sgr', { timeout: 60_000 }, async () => {
    const status = await runSgr(emulator, ['status']);
    expect(status.code, status.stderr).toBe(0);
    expect(status.stdout).toContain('default');
    const doctor = await runSgr(emulator, ['doctor']);
    log(doctor.stdout + doctor.stderr);
    expect(doctor.stdout).not.toMatch(/stack-missing|part-missing/);
  });

  it('is changed by its parameters', { timeout: 60_000 }, async () => {
    const JobSettings = '{"size": {"cpu": 512, "memory": 1024}}';
    await cloudFormation.send(new UpdateStackCommand(request({ ...parameters, JobSettings })));
    await outputsOnce('UPDATE_COMPLETE');
    expect(await documentOf('default')).toMatchObject({ job: { size: { cpu: 512, memory: 1024 } } });
  });

  it('is deleted with the stack', { timeout: 120_000 }, async () => {
    await cloudFormation.send(new DeleteStackCommand({ StackName: STACK }));
    await until(
      'the stack to be gone',
      async () => {
        const resources = cloudFormation.send(new ListStackResourcesCommand({ StackName: STACK }));
        const { StackResourceSummaries = [] } = await resources.catch(() => ({ StackResourceSummaries: [] }));
        return StackResourceSummaries.every(({ ResourceStatus }) => ResourceStatus === 'DELETE_COMPLETE');
      },
      60_000,
      500,
    );
    await expect(documentOf('default')).rejects.toMatchObject({ name: 'ParameterNotFound' });
  });
});

async function secret(Name: string, Value: string): Promise<void> {
  await ssm.send(new PutParameterCommand({ Name, Value, Type: 'SecureString' }));
}
