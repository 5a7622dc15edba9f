import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  GetLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  type ContainerDefinition,
  CreateClusterCommand,
  DescribeTasksCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  type RegisterTaskDefinitionCommandInput,
  RunTaskCommand,
  type RunTaskCommandInput,
  type Task,
} from '@aws-sdk/client-ecs';
import { HOST_ARCHITECTURE, runCommand, until } from '@serverless-gitlab-runner/machine';
import { buildEmulatorImage, type Emulator, startEmulator } from '../../src/index.ts';
import type { EmulatorOptions } from '../../src/start-emulator.ts';

export const CLUSTER = 'test';
/** A subnet of MiniStack's default VPC. */
export const SUBNET = 'subnet-00000001';
export const IMAGE = 'debian:bookworm-slim';
const LOG_GROUP = '/test';
export const EXECUTION_ROLE = 'arn:aws:iam::000000000000:role/execution';
export const NETWORK = { awsvpcConfiguration: { subnets: [SUBNET] } };

/** A container definition with optional name and image. */
export type TestContainer = Partial<ContainerDefinition>;

/** A container that runs a shell script. `exec` in the script makes the program PID 1, as without a shell. */
export function shell(name: string, script: string, more: TestContainer = {}): TestContainer {
  return { name, entryPoint: ['/bin/bash', '-c'], command: [script], ...more };
}

/** An emulator for a test file, with helpers to run tasks. */
export class EmulatorFixture {
  readonly emulator: Emulator;
  readonly ecs: ECSClient;
  readonly logs: CloudWatchLogsClient;
  #families = 0;

  private constructor(emulator: Emulator) {
    this.emulator = emulator;
    this.ecs = new ECSClient(this.clientOptions);
    this.logs = new CloudWatchLogsClient(this.clientOptions);
  }

  /** Builds the image if needed, starts the emulator, and creates the cluster and the log group. */
  static async start(name: string, options: Partial<EmulatorOptions> = {}): Promise<EmulatorFixture> {
    await buildEmulatorImage(() => undefined);
    const runId = `emulator-test-${name}-${process.pid}`;
    const fixture = new EmulatorFixture(await startEmulator({ runId, ...options }));
    const providers = ['FARGATE', 'FARGATE_SPOT'];
    await fixture.ecs.send(new CreateClusterCommand({ clusterName: CLUSTER, capacityProviders: providers }));
    await fixture.logs.send(new CreateLogGroupCommand({ logGroupName: LOG_GROUP }));
    return fixture;
  }

  get clientOptions() {
    // Exempt from the account's request rates, which the many task definitions would exceed.
    const credentials = { accessKeyId: 'equipment', secretAccessKey: 'test' };
    return { endpoint: this.emulator.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 };
  }

  /** Registers a task definition of these containers with output in CloudWatch Logs. Returns its family. */
  async register(
    containers: readonly TestContainer[],
    more: Partial<RegisterTaskDefinitionCommandInput> = {},
  ): Promise<string> {
    this.#families += 1;
    const family = `family-${this.#families}`;
    await this.ecs.send(new RegisterTaskDefinitionCommand({ ...definition(family, containers), ...more }));
    return family;
  }

  /** Starts one task of a family. */
  async run(family: string, more: Partial<RunTaskCommandInput> = {}): Promise<Task> {
    const request = { cluster: CLUSTER, taskDefinition: family, networkConfiguration: NETWORK, ...more };
    const launch = request.capacityProviderStrategy ? {} : { launchType: 'FARGATE' as const };
    const { tasks = [] } = await this.ecs.send(new RunTaskCommand({ ...launch, ...request }));
    const [task] = tasks;
    if (!task) throw new Error('RunTask started no task');
    return task;
  }

  async describe(arn: string | undefined): Promise<Task> {
    const input = { cluster: CLUSTER, tasks: [arn ?? ''], include: ['TAGS' as const] };
    const { tasks = [] } = await this.ecs.send(new DescribeTasksCommand(input));
    const [task] = tasks;
    if (!task) throw new Error(`no task ${arn}`);
    return task;
  }

  /** Waits for a last status of the task, and returns the task. */
  async reach(task: Task, status: string): Promise<Task> {
    return await until(`${status} of a task`, async () => {
      const now = await this.describe(task.taskArn);
      return now.lastStatus === status ? now : undefined;
    });
  }

  /** Runs a task of these containers to its end. */
  async runToEnd(
    containers: readonly TestContainer[],
    more: Partial<RegisterTaskDefinitionCommandInput> = {},
    request: Partial<RunTaskCommandInput> = {},
  ): Promise<Task> {
    return await this.reach(await this.run(await this.register(containers, more), request), 'STOPPED');
  }

  /** Output lines of a task's container, from CloudWatch Logs. */
  async output(task: Task, container: string): Promise<string[]> {
    const logStreamName = `test/${container}/${taskId(task)}`;
    const input = { logGroupName: LOG_GROUP, logStreamName, startFromHead: true };
    const { events = [] } = await this.logs.send(new GetLogEventsCommand(input));
    return events.map((event) => event.message ?? '');
  }

  /** Docker ids of a task's containers, including the pause container. */
  async dockerIds(task: Task): Promise<string[]> {
    const filter = `label=com.amazonaws.ecs.task-arn=${task.taskArn}`;
    const output = await runCommand('docker', ['ps', '-aq', '--filter', filter]);
    return output.split('\n').filter((line) => line !== '');
  }

  async stop(): Promise<void> {
    await this.emulator.stop();
  }
}

/** A valid Fargate task definition with these containers. */
export function definition(
  family: string,
  containers: readonly TestContainer[],
): RegisterTaskDefinitionCommandInput {
  const size = { cpu: '512', memory: '1024' };
  const fargate = { networkMode: 'awsvpc' as const, requiresCompatibilities: ['FARGATE' as const] };
  const options = {
    'awslogs-group': LOG_GROUP,
    'awslogs-region': 'us-east-1',
    'awslogs-stream-prefix': 'test',
  };
  const logConfiguration = { logDriver: 'awslogs' as const, options };
  const containerDefinitions = containers.map((container) => ({
    name: 'main',
    image: IMAGE,
    logConfiguration,
    ...container,
  }));
  const runtimePlatform = { cpuArchitecture: HOST_ARCHITECTURE };
  return {
    family,
    executionRoleArn: EXECUTION_ROLE,
    runtimePlatform,
    ...size,
    ...fargate,
    containerDefinitions,
  };
}

export function taskId(task: Task): string {
  return task.taskArn?.split('/').at(-1) ?? '';
}

/** A container of a task, as ECS describes it. */
export function containerOf(task: Task, name: string) {
  return task.containers?.find((container) => container.name === name);
}
