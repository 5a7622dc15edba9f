import { CloudWatchLogsClient, CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeTasksCommand, ECSClient, ListTasksCommand, type Task } from '@aws-sdk/client-ecs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { startEmulator } from '@serverless-gitlab-runner/aws-emulator';
import { type FleetConfigInput, jobOfGroup } from '@serverless-gitlab-runner/fleet';
import { type Job, type JobDefinition, startGitLabDouble } from '@serverless-gitlab-runner/gitlab-double';
import { runCommand, tryCommand, until } from '@serverless-gitlab-runner/machine';
import { CLUSTER_NAME, createCluster, LOG_GROUP, startManager, writeParameters } from './start-manager.ts';

export type BenchJob = Omit<JobDefinition, 'name' | 'stage'>;
export type ManagerBench = Awaited<ReturnType<typeof startManagerBench>>;

export interface BenchOptions {
  fleet?: Partial<FleetConfigInput>;
  /** Runner token in the fleet's parameter. Default: one that GitLab knows. */
  token?: string;
}

/** Maximum duration of a job, in milliseconds. */
const JOB_TIMEOUT_MS = 60_000;

/** Starts a manager on the emulator with a GitLab double: the whole executor without the Lambdas. */
export async function startManagerBench(name: string, options: BenchOptions = {}) {
  const emulator = await startEmulator({ runId: `executor-${name}-${process.pid}` });
  const gitlab = await startGitLabDouble({ host: emulator.gatewayAddress, traceUpdateInterval: 1 });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const clientOptions = { endpoint: emulator.endpoint, region: 'us-east-1', credentials };
  const ecs = new ECSClient(clientOptions);
  const token = options.token ?? gitlab.createRunner().token;
  await writeParameters(new SSMClient(clientOptions), gitlab.url, token, options.fleet ?? {});
  await new CloudWatchLogsClient(clientOptions).send(new CreateLogGroupCommand({ logGroupName: LOG_GROUP }));
  const managerArn = await startManager(ecs, await createCluster(ecs));
  const project = await gitlab.createProject({
    path: 'acme/shop',
    variables: { PLANTED: { value: 'planted-secret-8271', masked: true } },
  });
  await gitlab.pushCommit(project, { message: 'first', files: { 'README.md': '# Shop\n' } });

  const startJob = async (definition: BenchJob): Promise<Job> => {
    const jobs = [{ name: 'job', stage: 'test', ...definition }];
    const pipeline = await gitlab.createPipeline(project, { stages: ['test'], jobs });
    const [job] = pipeline.jobs;
    if (!job) throw new Error('the pipeline has no job');
    return job;
  };
  const manager = async () => {
    const [task] = await describe(ecs, [managerArn]);
    if (!task) throw new Error('ECS has no task of the manager');
    return task;
  };

  return {
    ecs,
    gitlab,
    token,
    clientOptions,
    manager,
    startJob,
    /** Runs a job and waits for its end. */
    runJob: async (definition: BenchJob) =>
      gitlab.waitForJob((await startJob(definition)).id, undefined, JOB_TIMEOUT_MS),
    /** Waits until a job's log contains a text. */
    untilLogged: (job: Job, text: string) =>
      gitlab.waitForJob(job.id, ({ trace }) => trace.text.includes(text), JOB_TIMEOUT_MS),
    /** Returns the tasks of a job, running and stopped. */
    tasksOf: async (job: Job) =>
      (await allTasks(ecs)).filter((task) => jobOfGroup(task.group ?? '') === job.id),
    /** Waits until no task of the job runs. */
    untilNoTaskRuns: (job: Job) =>
      until(`the end of job ${job.id}'s tasks`, async () => {
        const tasks = (await allTasks(ecs)).filter((task) => jobOfGroup(task.group ?? '') === job.id);
        return tasks.every((task) => task.lastStatus === 'STOPPED') ? true : undefined;
      }),
    untilManagerEnds: () =>
      until('the end of the manager', async () => {
        const task = await manager();
        return task.lastStatus === 'STOPPED' ? task : undefined;
      }),
    /** Sets a switch of the emulator. */
    setSwitch: async (method: 'PUT' | 'POST', path: string, body: unknown) => {
      await fetch(`${emulator.endpoint}/_fargate/${path}`, { method, body: JSON.stringify(body) });
    },
    containerId: (task: Task | undefined, container: string) => containerId(task, container),
    managerLog: async () => {
      const { stdout, stderr } = await tryCommand('docker', [
        'logs',
        await containerId(await manager(), 'manager'),
      ]);
      return stdout + stderr;
    },
    stop: async () => {
      await gitlab.stop();
      await emulator.stop();
    },
  };
}

async function containerId(task: Task | undefined, container: string): Promise<string> {
  const label = `label=com.amazonaws.ecs.task-arn=${task?.taskArn}`;
  const filters = ['--filter', label, '--filter', `name=-${container}$`];
  return (await runCommand('docker', ['ps', '-aq', ...filters])).trim();
}

async function describe(ecs: ECSClient, tasks: string[]): Promise<Task[]> {
  const answer = await ecs.send(
    new DescribeTasksCommand({ cluster: CLUSTER_NAME, tasks, include: ['TAGS'] }),
  );
  return answer.tasks ?? [];
}

async function allTasks(ecs: ECSClient): Promise<Task[]> {
  const listed = await Promise.all(
    (['RUNNING', 'STOPPED'] as const).map((desiredStatus) =>
      ecs.send(new ListTasksCommand({ cluster: CLUSTER_NAME, desiredStatus })),
    ),
  );
  const arns = listed.flatMap(({ taskArns = [] }) => taskArns);
  return arns.length > 0 ? describe(ecs, arns) : [];
}
