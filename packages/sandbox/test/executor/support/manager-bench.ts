import { CloudWatchLogsClient, CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateClusterCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  type Task,
} from '@aws-sdk/client-ecs';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import {
  type FleetConfigInput,
  MANAGER_CONTAINER,
  MANAGER_FAMILY,
  MANAGER_STARTED_BY,
  parameterNames,
  tagValue,
  taskIdOf,
  toTags,
} from '@serverless-gitlab-runner/fleet';
import { type Emulator, startEmulator } from '../../../src/emulator/index.ts';
import {
  type GitLabDouble,
  type Job,
  type JobDefinition,
  type Project,
  startGitLabDouble,
} from '../../../src/gitlab-double/index.ts';

const CLUSTER_NAME = 'executor-test';
const FLEET = 'default';
const LOG_GROUP = '/executor-test';
const ROLE = 'arn:aws:iam::000000000000:role/executor-test';
const SUBNET = 'subnet-00000001';
const SECURITY_GROUP = 'sg-00000001';

/** Images of the sandbox, as `prepare-docker` builds them; the environment names others to try a real runner by hand. */
const IMAGES = {
  manager: process.env['BENCH_MANAGER_IMAGE'] ?? 'serverless-gitlab-runner/runner:local',
  helper: process.env['BENCH_HELPER_IMAGE'] ?? 'serverless-gitlab-runner/job-base:local',
};

/** A manager on the emulator with a GitLab double: all of the executor, and nothing of the Lambdas. */
export interface ManagerBench {
  emulator: Emulator;
  gitlab: GitLabDouble;
  ecs: ECSClient;
  /** Runs one job and waits for its end. */
  runJob(job: Omit<JobDefinition, 'name' | 'stage'> & { name?: string }): Promise<Job>;
  /** Starts one job without waiting. */
  startJob(job: Omit<JobDefinition, 'name' | 'stage'> & { name?: string }): Promise<Job>;
  /** Tasks of a job, running and stopped. */
  tasksOf(job: Job): Promise<Task[]>;
  manager(): Promise<Task>;
  stop(): Promise<void>;
}

export async function startManagerBench(
  name: string,
  fleet: Partial<FleetConfigInput> = {},
): Promise<ManagerBench> {
  const emulator = await startEmulator({ runId: `executor-${name}-${process.pid}` });
  const gitlab = await startGitLabDouble({ host: emulator.gatewayAddress, traceUpdateInterval: 1 });
  const options = {
    endpoint: emulator.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const ecs = new ECSClient(options);
  const token = gitlab.createRunner().token;
  await writeParameters(new SSMClient(options), gitlab.url, token, fleet);
  await new CloudWatchLogsClient(options).send(new CreateLogGroupCommand({ logGroupName: LOG_GROUP }));
  const providers = ['FARGATE', 'FARGATE_SPOT'];
  const { cluster } = await ecs.send(
    new CreateClusterCommand({ clusterName: CLUSTER_NAME, capacityProviders: providers }),
  );
  const managerArn = await startManager(ecs, cluster?.clusterArn ?? CLUSTER_NAME);
  const project = await gitlab.createProject({ path: 'acme/shop' });
  await gitlab.pushCommit(project, { message: 'first', files: { 'README.md': '# Shop\n' } });

  const startJob: ManagerBench['startJob'] = async (job) => {
    const definition = { name: 'job', stage: 'test', ...job };
    const pipeline = await gitlab.createPipeline(project, { stages: ['test'], jobs: [definition] });
    const [started] = pipeline.jobs;
    if (!started) throw new Error('the pipeline has no job');
    return started;
  };

  return {
    emulator,
    gitlab,
    ecs,
    startJob,
    runJob: async (job) => gitlab.waitForJob((await startJob(job)).id),
    tasksOf: (job) => tasksOf(ecs, job),
    manager: async () => {
      const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster: CLUSTER_NAME, tasks: [managerArn] }));
      if (!tasks?.[0]) throw new Error('the manager is gone');
      return tasks[0];
    },
    stop: async () => {
      await gitlab.stop();
      await emulator.stop();
    },
  };
}

async function writeParameters(ssm: SSMClient, gitlabUrl: string, token: string, fleet: Partial<FleetConfigInput>) {
  const names = parameterNames('/serverless-gitlab-runner', FLEET);
  const config: FleetConfigInput = {
    version: 1,
    name: FLEET,
    gitlabUrl,
    manager: { drainPollSeconds: 0.5, checkIntervalSeconds: 1 },
    network: { subnets: [SUBNET], managerSecurityGroups: [SECURITY_GROUP], jobSecurityGroups: [SECURITY_GROUP] },
    ...fleet,
  };
  await ssm.send(new PutParameterCommand({ Name: names.config, Type: 'String', Value: JSON.stringify(config) }));
  await ssm.send(new PutParameterCommand({ Name: names.runnerToken, Type: 'SecureString', Value: token }));
}

async function startManager(ecs: ECSClient, cluster: string): Promise<string> {
  const environment = Object.entries({
    CLUSTER: cluster,
    EVENT_BUS_NAME: 'default',
    HELPER_IMAGE: IMAGES.helper,
    JOB_EXECUTION_ROLE_ARN: ROLE,
    JOB_LOG_GROUP: LOG_GROUP,
    LOG_LEVEL: 'DEBUG',
  }).map(([name, value]) => ({ name, value }));
  await ecs.send(
    new RegisterTaskDefinitionCommand({
      family: MANAGER_FAMILY,
      networkMode: 'awsvpc',
      requiresCompatibilities: ['FARGATE'],
      cpu: '256',
      memory: '512',
      executionRoleArn: ROLE,
      taskRoleArn: ROLE,
      containerDefinitions: [{ name: MANAGER_CONTAINER, image: IMAGES.manager, environment, stopTimeout: 120 }],
    }),
  );
  const { tasks, failures } = await ecs.send(
    new RunTaskCommand({
      cluster,
      taskDefinition: MANAGER_FAMILY,
      startedBy: MANAGER_STARTED_BY,
      capacityProviderStrategy: [{ capacityProvider: 'FARGATE' }],
      networkConfiguration: { awsvpcConfiguration: { subnets: [SUBNET] } },
      overrides: {
        containerOverrides: [{ name: MANAGER_CONTAINER, environment: [{ name: 'FLEET', value: FLEET }] }],
      },
      tags: toTags({ role: 'manager', fleet: FLEET }),
    }),
  );
  if (!tasks?.[0]?.taskArn) throw new Error(`the manager did not start: ${JSON.stringify(failures)}`);
  return tasks[0].taskArn;
}

async function tasksOf(ecs: ECSClient, job: Job): Promise<Task[]> {
  const listed = await Promise.all(
    (['RUNNING', 'STOPPED'] as const).map((desiredStatus) =>
      ecs.send(new ListTasksCommand({ cluster: CLUSTER_NAME, desiredStatus })),
    ),
  );
  const tasks = listed.flatMap(({ taskArns = [] }) => taskArns);
  if (tasks.length === 0) return [];
  const answer = await ecs.send(new DescribeTasksCommand({ cluster: CLUSTER_NAME, tasks, include: ['TAGS'] }));
  return (answer.tasks ?? []).filter((task) => tagValue(task.tags, 'jobId') === String(job.id));
}

/** Name of a task's container in Docker, as the emulator gives it, and the project's type for tests. */
export type { Project };
export { taskIdOf };
