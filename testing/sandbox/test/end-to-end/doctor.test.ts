import {
  CloudFormationClient,
  DeleteStackCommand,
  DescribeStackResourcesCommand,
} from '@aws-sdk/client-cloudformation';
import {
  AssociateRouteTableCommand,
  CreateRouteTableCommand,
  CreateSubnetCommand,
  DescribeSubnetsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import {
  DeregisterTaskDefinitionCommand,
  DescribeTaskDefinitionCommand,
  PutClusterCapacityProvidersCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
} from '@aws-sdk/client-ecs';
import { DisableRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import {
  DeleteFunctionUrlConfigCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { PurgeQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DeleteParameterCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import { EmulatorSwitches, emulatorClient, QUOTA_REACHED } from '@serverless-gitlab-runner/aws-emulator';
import {
  type FleetConfig,
  managerFamily,
  parameterNames,
  serviceStack,
  toTags,
} from '@serverless-gitlab-runner/fleet';
import type { Project, Webhook } from '@serverless-gitlab-runner/gitlab-double';
import { Cleanup, until } from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FleetDocument } from '../../src/suites/faults/fleet-document.ts';
import { prepareMachine } from '../../src/system/prepare-machine.ts';
import { startTestEnvironment, type TestEnvironment } from '../../src/system/test-environment.ts';
import { runSgr } from './support/run-sgr.ts';

const log = (line: string) => process.stderr.write(`${line}\n`);
const cleanup = new Cleanup(log);

let environment: TestEnvironment;
let fleet: FleetDocument;
let project: Project;
/** The project's, with the URL of the installation. */
let hook: Webhook;
/** As deployed. */
let network: FleetConfig['network'];

beforeAll(async () => {
  const machine = await prepareMachine({ log, cleanup, demoImages: false });
  environment = await startTestEnvironment({
    log,
    cleanup,
    machine,
    runner: { description: 'the default fleet', tags: ['fargate'], runUntagged: false },
    fleets: async () => ({ fleet: { manager: { max: 2 } } }),
  });
  fleet = new FleetDocument(environment.system);
  ({ network } = await fleet.read());
  const { gitlab, system } = environment;
  project = await gitlab.createProject({ path: 'team/app' });
  await gitlab.pushCommit(project, { message: 'first', files: { 'README.md': '# App\n' } });
  hook = gitlab.addWebhook({
    url: `${system.outputs.WebhookUrl}?fleet=default`,
    token: system.webhookSecret,
    projectId: project.id,
    events: { pipeline: false },
  });
}, 5 * 60_000);

afterAll(() => cleanup.run(), 60_000);

interface Found {
  code: number | null;
  /** Names of the checks that found something. */
  checks: string[];
  /** Their sentences. */
  problems: string;
}

/** Runs `sgr doctor` as a user does. */
async function doctor(...args: string[]): Promise<Found> {
  const token = { GITLAB_TOKEN: environment.gitlab.privateToken };
  const { code, stdout, stderr } = await runSgr(environment.emulator, ['doctor', '--json', ...args], token);
  if (!stdout.startsWith('[')) throw new Error(`sgr doctor failed: ${stderr}`);
  const findings: { check: string; problem: string }[] = JSON.parse(stdout);
  return {
    code,
    checks: findings.map(({ check }) => check),
    problems: findings.map(({ problem }) => problem).join('\n'),
  };
}

const options = () => emulatorClient(environment.emulator.endpoint);

/** Physical id of the only resource of a type in a stack. */
async function resourceOf(StackName: string, type: string): Promise<string> {
  const client = new CloudFormationClient(options());
  const { StackResources = [] } = await client.send(new DescribeStackResourcesCommand({ StackName }));
  const found = StackResources.filter(({ ResourceType }) => ResourceType === type);
  const id = found[0]?.PhysicalResourceId;
  if (found.length !== 1 || id === undefined) throw new Error(`${StackName} has ${found.length} of ${type}`);
  return id;
}

async function sendWebhook(over: {
  fleet?: string;
  secret?: string;
  body?: string;
  event?: string;
}): Promise<number> {
  const { webhookUrl, webhookSecret } = environment.system;
  const url = new URL(webhookUrl);
  if (over.fleet !== undefined) url.searchParams.set('fleet', over.fleet);
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'x-gitlab-event': over.event ?? 'Job Hook', 'x-gitlab-token': over.secret ?? webhookSecret },
    body: over.body ?? '{}',
  });
  return response.status;
}

async function deleteParameter(name: 'runnerToken' | 'webhookSecret'): Promise<void> {
  const { outputs, fleet: fleetName, ssm } = environment.system;
  const names = parameterNames(outputs.ParameterPrefix, fleetName);
  await ssm.send(new DeleteParameterCommand({ Name: names[name] }));
}

async function changeNetwork(network: Partial<FleetConfig['network']>): Promise<void> {
  const { network: before } = await fleet.read();
  await fleet.change({ network: { ...before, ...network } });
}

/** Starts a task of the manager's family with an image that does not exist, and waits for its end. */
async function runManagerWithoutImage(): Promise<void> {
  const { ecs, outputs, fleet: fleetName } = environment.system;
  const family = managerFamily(fleetName);
  const { taskDefinition } = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: family }));
  const {
    containerDefinitions = [],
    networkMode,
    cpu,
    memory,
    executionRoleArn,
    requiresCompatibilities,
  } = taskDefinition ?? {};
  const broken = await ecs.send(
    new RegisterTaskDefinitionCommand({
      ...{ family, networkMode, cpu, memory, executionRoleArn, requiresCompatibilities },
      containerDefinitions: containerDefinitions.map((container) => ({
        ...container,
        image: 'no.such.registry.invalid/x:1',
      })),
    }),
  );
  const { subnets, managerSecurityGroups } = network;
  const { tasks = [] } = await ecs.send(
    new RunTaskCommand({
      cluster: outputs.ClusterArn,
      taskDefinition: broken.taskDefinition?.taskDefinitionArn,
      launchType: 'FARGATE',
      startedBy: 'serverless-gitlab-runner',
      networkConfiguration: { awsvpcConfiguration: { subnets, securityGroups: managerSecurityGroups } },
      tags: toTags({ role: 'manager', fleet: fleetName, slot: '1' }),
    }),
  );
  const [task] = tasks;
  await environment.observer.waitUntil('the end of a manager without an image', 60_000, (seen) =>
    seen.some(({ taskArn, lastStatus }) => taskArn === task?.taskArn && lastStatus === 'STOPPED'),
  );
}

async function deregisterManagers(): Promise<void> {
  const { ecs, fleet: fleetName } = environment.system;
  for (;;) {
    const family = managerFamily(fleetName);
    const found = await ecs
      .send(new DescribeTaskDefinitionCommand({ taskDefinition: family }))
      .catch(() => undefined);
    const taskDefinition = found?.taskDefinition?.taskDefinitionArn;
    if (taskDefinition === undefined) return;
    await ecs.send(new DeregisterTaskDefinitionCommand({ taskDefinition }));
  }
}

/** Queues a job that no manager of the test takes. */
async function queueJob(tags: string[]): Promise<void> {
  const job = { name: 'job', stage: 'test', tags, script: ['true'] };
  await environment.gitlab.createPipeline(project, { stages: ['test'], jobs: [job] });
  await environment.gitlab.deliveriesSettled();
}

/** As above, but GitLab sends no webhook. */
async function queueJobWithoutEvent(tags: string[]): Promise<void> {
  environment.gitlab.webhooks.delete(hook.id);
  await queueJob(tags);
  environment.gitlab.webhooks.set(hook.id, hook);
}

/** Empties the launcher's queue: jobs that wait start no manager later. */
async function forgetQueued(): Promise<void> {
  const { QueueUrl } = environment.system.outputs;
  await new SQSClient(options()).send(new PurgeQueueCommand({ QueueUrl }));
}

async function putRunnerToken(Value: string): Promise<void> {
  const { outputs, fleet: fleetName, ssm } = environment.system;
  const Name = parameterNames(outputs.ParameterPrefix, fleetName).runnerToken;
  await ssm.send(new PutParameterCommand({ Name, Value, Type: 'SecureString', Overwrite: true }));
}

/** A new subnet in the fleet's VPC, whose route table leads nowhere. */
async function subnetWithoutRoute(): Promise<string> {
  const ec2 = new EC2Client(options());
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: network.subnets }));
  const { RouteTable } = await ec2.send(new CreateRouteTableCommand({ VpcId: Subnets[0]?.VpcId }));
  const { Subnet } = await ec2.send(
    new CreateSubnetCommand({ VpcId: Subnets[0]?.VpcId, CidrBlock: '10.0.250.0/28' }),
  );
  const SubnetId = Subnet?.SubnetId ?? '';
  await ec2.send(new AssociateRouteTableCommand({ RouteTableId: RouteTable?.RouteTableId, SubnetId }));
  return SubnetId;
}

const launcher = serviceStack('runner-launcher');
const receiver = serviceStack('webhook-receiver');

describe('sgr doctor', () => {
  it('finds nothing broken in a new installation, to which no webhook was sent', async () => {
    expect(await doctor()).toMatchObject({ code: 0, checks: ['no-webhook'] });
  });

  // What GitLab shows of a project: each row mends what it broke.
  it.each<[string, string, () => unknown, () => unknown]>([
    [
      'webhook-of-other-events',
      'Webhooks arrive, but none of a job',
      () => sendWebhook({ event: 'Push Hook' }),
      () => undefined,
    ],
    [
      'hook-missing',
      'No webhook of team/app',
      () => environment.gitlab.webhooks.delete(hook.id),
      () => environment.gitlab.webhooks.set(hook.id, hook),
    ],
    [
      'hook-without-job-events',
      'sends no job events',
      () => Object.assign(hook.events, { job: false }),
      () => Object.assign(hook.events, { job: true }),
    ],
    [
      'hook-disabled',
      'for good',
      () => Object.assign(hook.health, { failures: 40, disabledUntil: Number.POSITIVE_INFINITY }),
      () => Object.assign(hook.health, { failures: 0, disabledUntil: 0 }),
    ],
    [
      'runner-paused',
      'is paused',
      () => environment.gitlab.pauseRunner(1),
      () => environment.gitlab.pauseRunner(1, false),
    ],
    [
      'hook-event-failed',
      'got 401',
      async () => {
        Object.assign(hook, { token: 'wrong' });
        await queueJob(['fargate']);
      },
      () => Object.assign(hook, { token: environment.system.webhookSecret }),
    ],
    [
      'hook-event-missing',
      'GitLab sent no event of job',
      async () => {
        await queueJobWithoutEvent(['fargate']);
        environment.gitlab.deliveries.length = 0;
      },
      () => undefined,
    ],
    [
      'launch-failed',
      'No manager of fleet default could be started',
      async () => {
        await new EmulatorSwitches(environment.emulator.endpoint).setCapacity({ FARGATE: QUOTA_REACHED });
        await queueJob(['fargate']);
      },
      async () => {
        await forgetQueued();
        await new EmulatorSwitches(environment.emulator.endpoint).setCapacity({ FARGATE: null });
      },
    ],
    [
      'runner-token-refused',
      'default',
      async () => {
        await putRunnerToken('glrt-of-nobody');
        await queueJob(['fargate']);
      },
      async () => {
        await forgetQueued();
        await putRunnerToken(environment.gitlab.runners.get(1)?.token ?? '');
      },
    ],
    [
      'job-without-runner',
      'no runner takes its tags: gpu',
      () => queueJobWithoutEvent(['gpu']),
      () => undefined,
    ],
  ])('finds %s (%s)', async (check, problem, breakIt, mendIt) => {
    await breakIt();
    await until(
      `sgr doctor to find ${check}`,
      async () => {
        const { checks, problems } = await doctor('--project', 'team/app');
        return (checks.includes(check) && problems.includes(problem)) || undefined;
      },
      60_000,
      500,
    );
    await mendIt();
  });

  // Each breaks one more part of the same installation. The rows stay broken, so all of their names are found at the end.
  it.each<[string, string, () => Promise<unknown>]>([
    ['webhook-invalid', 'got 400', () => sendWebhook({ body: '{"build_id":"x"}' })],
    ['webhook-refused', 'got 401', () => sendWebhook({ secret: 'wrong' })],
    ['webhook-for-unknown-fleet', 'fleet nowhere got 404', () => sendWebhook({ fleet: 'nowhere' })],
    [
      'api-token-missing',
      "Fleet default uses GitLab's API",
      () => fleet.change({ gitlabApi: { projects: [] } }),
    ],
    [
      'subnet-without-address',
      'its tasks get no public address',
      () => changeNetwork({ assignPublicIp: false }),
    ],
    [
      'subnet-without-route',
      'has no route to the internet',
      async () => changeNetwork({ subnets: [await subnetWithoutRoute()] }),
    ],
    [
      'reaper-dead-letters',
      'missed 1 event',
      () =>
        new SQSClient(options()).send(
          new SendMessageCommand({
            QueueUrl: environment.system.outputs.ReaperDeadLettersUrl,
            MessageBody: '{}',
          }),
        ),
    ],
    [
      'part-disabled',
      `The rule of ${launcher}`,
      async () => {
        const Name = await resourceOf(launcher, 'AWS::Events::Rule');
        const { EventBusName } = environment.system.outputs;
        await new EventBridgeClient(options()).send(new DisableRuleCommand({ Name, EventBusName }));
      },
    ],
    [
      'part-disabled',
      `The queue's subscription of ${launcher}`,
      async () => {
        const UUID = await resourceOf(launcher, 'AWS::Lambda::EventSourceMapping');
        await new LambdaClient(options()).send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false }));
      },
    ],
    [
      'function-throttled',
      `The function of ${receiver}`,
      async () => {
        const FunctionName = await resourceOf(receiver, 'AWS::Lambda::Function');
        const none = new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 0 });
        await new LambdaClient(options()).send(none);
      },
    ],
    [
      'part-missing',
      `The function URL of ${receiver}`,
      async () => {
        const FunctionName = await resourceOf(receiver, 'AWS::Lambda::Function');
        await new LambdaClient(options()).send(new DeleteFunctionUrlConfigCommand({ FunctionName }));
      },
    ],
    [
      'launcher-dead-letters',
      'gave up 1 job',
      () =>
        new SQSClient(options()).send(
          new SendMessageCommand({
            QueueUrl: environment.system.outputs.LauncherDeadLettersUrl,
            MessageBody: '{}',
          }),
        ),
    ],
    ['subnet-missing', 'subnet-0123', () => changeNetwork({ subnets: ['subnet-0123'] })],
    ['security-group-missing', 'sg-0123', () => changeNetwork({ jobSecurityGroups: ['sg-0123'] })],
    [
      'capacity-provider-missing',
      'FARGATE_SPOT',
      () =>
        environment.system.ecs.send(
          new PutClusterCapacityProvidersCommand({
            cluster: environment.system.outputs.ClusterArn,
            capacityProviders: ['FARGATE'],
            defaultCapacityProviderStrategy: [],
          }),
        ),
    ],
    ['runner-token-missing', 'fleet default', () => deleteParameter('runnerToken')],
    ['webhook-secret-missing', 'Fleet default', () => deleteParameter('webhookSecret')],
  ])('finds %s (%s)', async (check, problem, breakIt) => {
    await breakIt();
    const found = await until(
      `sgr doctor to find ${check}`,
      async () => {
        const now = await doctor();
        return now.checks.includes(check) && now.problems.includes(problem) ? now : undefined;
      },
      20_000,
      500,
    );
    expect(found.code).toBe(1);
  });

  it('finds a manager whose image does not exist', { timeout: 120_000 }, async () => {
    await runManagerWithoutImage();
    expect((await doctor()).checks).toContain('manager-image');
  });

  it('finds a fleet without a task definition', async () => {
    await deregisterManagers();
    expect((await doctor()).checks).toContain('manager-definition-missing');
  });

  it('finds an invalid document', async () => {
    await fleet.change({ manager: { ...(await fleet.read()).manager, max: 0 } });
    const { checks, problems } = await doctor();
    expect(checks).toContain('fleet-invalid');
    expect(problems).toContain('manager.max');
  });

  it('finds that a stack is missing', async () => {
    await new CloudFormationClient(options()).send(
      new DeleteStackCommand({ StackName: serviceStack('idle-reaper') }),
    );
    const found = await until(
      'the stack to be deleted',
      async () => {
        const { checks } = await doctor();
        return checks.includes('stack-missing') ? checks : undefined;
      },
      30_000,
      500,
    );
    expect(found).toEqual(['stack-missing']);
  });
});
