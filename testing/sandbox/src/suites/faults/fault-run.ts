import { setTimeout as delay } from 'node:timers/promises';
import {
  DeregisterTaskDefinitionCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  type ECSClient,
  ListTaskDefinitionsCommand,
  StopTaskCommand,
} from '@aws-sdk/client-ecs';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { EmulatorSwitches } from '@serverless-gitlab-runner/aws-emulator';
import type { ActiveRule, Rule } from '@serverless-gitlab-runner/fault-proxy';
import { familyOf, fleetOfJobFamily, managerFamily } from '@serverless-gitlab-runner/fleet';
import type { Job, Project } from '@serverless-gitlab-runner/gitlab-double';
import { type Log, until } from '@serverless-gitlab-runner/machine';
import type { ObservedTask } from '../../system/observe-tasks.ts';
import type { ExpectedEnd, FaultJob } from './decide-job.ts';
import type { FaultEnvironment } from './fault-environment.ts';
import { FleetDocument } from './fleet-document.ts';
import { DOCKER_AUTH_CONFIG, MASKED_VALUE } from './planted-secrets.ts';
import { Reaper } from './reaper.ts';
import { SCRIPT_BEGINS, type SmallJob, smallJob, smallJobs } from './small-jobs.ts';

/** Milliseconds that anything a fault waits for may take. */
const PATIENCE_MS = 90_000;
/** Milliseconds between two looks at what cannot be waited for. */
const LOOK_MS = 500;

/** How webhooks of a run's project are made. */
export interface HookOptions {
  /** Deliveries of each event. Default 1. */
  copies?: number;
  /** Signed with this token instead of carrying the secret. */
  signingToken?: string;
}

/** A run of a fault: its project, its jobs, and everything a fault may do to the system. */
export class FaultRun {
  readonly environment: FaultEnvironment;
  readonly log: Log;
  readonly switches: EmulatorSwitches;
  readonly fleet: FleetDocument;
  readonly reaper: Reaper;
  /** What is wrong beyond the counts, in sentences. */
  readonly wrong: string[] = [];
  /** What GitLab may refuse of the system, since the fault brings it about. */
  readonly mayBeRefused: RegExp[] = [];
  readonly #jobs = new Map<number, FaultJob>();
  readonly #project: Project;
  readonly #startedAt = Date.now();
  #recoveringAt: number | undefined;

  private constructor(environment: FaultEnvironment, project: Project, log: Log) {
    this.environment = environment;
    this.log = log;
    this.#project = project;
    this.switches = new EmulatorSwitches(environment.emulator.endpoint);
    this.fleet = new FleetDocument(environment.system);
    this.reaper = new Reaper(environment);
  }

  static async open(environment: FaultEnvironment, name: string, log: Log): Promise<FaultRun> {
    const variables = {
      PLANTED: { value: MASKED_VALUE, masked: true },
      DOCKER_AUTH_CONFIG: { value: DOCKER_AUTH_CONFIG, masked: false },
    };
    const project = await environment.gitlab.createProject({ path: `faults/${name}`, variables });
    await environment.gitlab.pushCommit(project, { message: name, files: { 'README.md': `# ${name}\n` } });
    return new FaultRun(environment, project, log);
  }

  /** Sends the project's events to the receiver, from now on. */
  addWebhook({ copies = 1, signingToken }: HookOptions = {}): void {
    const secret =
      signingToken === undefined ? { token: this.environment.system.webhookSecret } : { signingToken };
    for (let copy = 0; copy < copies; copy += 1) {
      this.environment.gitlab.addWebhook({
        url: this.environment.webhookUrl,
        ...secret,
        projectId: this.#project.id,
      });
    }
  }

  /** Queues jobs in a pipeline of their own; with a number, so many small ones of three seconds. */
  async queue(jobs: number | readonly SmallJob[]): Promise<Job[]> {
    const definitions = typeof jobs === 'number' ? smallJobs(jobs) : jobs;
    const pipeline = await this.environment.gitlab.createPipeline(this.#project, {
      stages: ['test'],
      jobs: definitions.map((job) => ({ ...job, stage: 'test' })),
    });
    for (const job of pipeline.jobs) this.#run(job);
    return [...pipeline.jobs];
  }

  /** Queues one job. */
  async queueOne(job: SmallJob): Promise<Job> {
    const [queued] = await this.queue([job]);
    if (!queued) throw new Error('the pipeline has no job');
    return queued;
  }

  /** A job that must end otherwise than by success. */
  expect(job: Job, end: ExpectedEnd): void {
    this.#run(job).expected = end;
  }

  /** A job that the fault itself ends. GitLab must be told, with `reason` in the job's log; it then tries again. */
  interrupts(job: Job, reason: RegExp): void {
    this.#run(job).interruption = reason;
  }

  /** What `retry:` in a `.gitlab-ci.yml` does: GitLab queues the job again, here with a script of three seconds. */
  retry(job: Job): Promise<Job> {
    return this.queueOne(smallJob(`${job.name}-again`));
  }

  /**
   * A job whose manager is gone without a word: GitLab fails it itself after an hour without a sign of life, which is now,
   * and tries it again.
   */
  async giveUp(job: Job): Promise<void> {
    if (job.finished) return;
    this.interrupts(job, /(?:)/);
    this.environment.gitlab.dropStuckJob(job.id);
    await this.retry(job);
  }

  /** From here the fault is over, and the system has to recover. */
  recovering(): void {
    this.#recoveringAt = Date.now();
  }

  aws(rule: Rule): ActiveRule {
    return this.environment.aws.add(rule);
  }

  gitlab(rule: Rule): ActiveRule {
    return this.environment.gitlabProxy.add(rule);
  }

  webhooks(rule: Rule): ActiveRule {
    return this.environment.webhooks.add(rule);
  }

  /** The bodies of the hooks that told of these jobs being queued, whether they arrived or not. */
  async bodiesOf(jobs: readonly Job[]): Promise<string[]> {
    await this.environment.gitlab.deliveriesSettled();
    return jobs.map(({ id }) => {
      const queued = this.environment.gitlab.deliveries.find(
        ({ event, requestBody }) =>
          event === 'Job Hook' &&
          new RegExp(`"build_id":\\s*${id}\\b`).test(requestBody) &&
          /"build_status":\s*"pending"/.test(requestBody),
      );
      if (!queued) throw new Error(`GitLab made no hook of job ${id} being queued`);
      return queued.requestBody;
    });
  }

  /** Every runner of GitLab is deleted: its token is refused from now on. */
  revokeRunners(): void {
    for (const { id } of this.environment.gitlab.runners.values()) this.environment.gitlab.revokeRunner(id);
  }

  /** A new runner, whose token the fleet is given. */
  async newRunner(): Promise<void> {
    const { token } = this.environment.gitlab.createRunner({ description: 'a new runner for the fleet' });
    await this.fleet.setRunnerToken(token);
  }

  /** Says so when more or fewer tasks were started than that. */
  mustHaveStarted(expected: { managers: number; jobTasks: number }): void {
    const count = (role: string) => this.tasks.filter((task) => task.role === role).length;
    if (count('manager') !== expected.managers)
      this.wrong.push(`${count('manager')} managers were started, expected ${expected.managers}`);
    if (count('job') !== expected.jobTasks)
      this.wrong.push(`${count('job')} job tasks were started, expected ${expected.jobTasks}`);
  }

  /** The job's task, once it is in one of these states. */
  async taskOf(job: Job, ...states: string[]): Promise<ObservedTask> {
    const seen = (task: ObservedTask) =>
      task.jobId === job.id && (states.length === 0 || states.includes(task.lastStatus));
    return await this.task(`a task of job ${job.name} ${states.join(' or ')}`, seen);
  }

  /** In whose name ECS opens a task's log and pulls its images. */
  async executionRoleOf(taskArn: string): Promise<string> {
    const { ecs, outputs } = this.environment.system;
    const { tasks } = await ecs.send(
      new DescribeTasksCommand({ cluster: outputs.ClusterArn, tasks: [taskArn] }),
    );
    return executionRole(ecs, tasks?.[0]?.taskDefinitionArn ?? '');
  }

  executionRoleOfManagers(): Promise<string> {
    const { ecs, fleet } = this.environment.system;
    return executionRole(ecs, managerFamily(fleet));
  }

  /** StopTask, by somebody who is no part of the system. */
  async stopTask(task: string, reason: string): Promise<void> {
    const { ecs, outputs } = this.environment.system;
    await ecs.send(new StopTaskCommand({ cluster: outputs.ClusterArn, task, reason }));
  }

  /** Deregisters all task definitions of jobs, by somebody who is no part of the system. */
  async deregisterJobDefinitions(): Promise<void> {
    const { ecs } = this.environment.system;
    const { taskDefinitionArns = [] } = await ecs.send(new ListTaskDefinitionsCommand({ status: 'ACTIVE' }));
    const ofJobs = taskDefinitionArns.filter((arn) => fleetOfJobFamily(familyOf(arn)) !== undefined);
    if (ofJobs.length === 0) this.wrong.push('there was no task definition of jobs to deregister');
    for (const taskDefinition of ofJobs)
      await ecs.send(new DeregisterTaskDefinitionCommand({ taskDefinition }));
  }

  /** Says so when a task has not stopped after so many milliseconds. */
  async stopsWithin(taskArn: string, timeoutMs: number): Promise<void> {
    const stopped = () =>
      this.tasks.some((task) => task.taskArn === taskArn && task.lastStatus === 'STOPPED');
    await this.environment.observer
      .waitUntil('the end of a task', timeoutMs, stopped)
      .catch(() => this.wrong.push(`a task had not stopped ${timeoutMs / 1000} s after its job`));
  }

  /** The newest running manager. */
  async manager(): Promise<ObservedTask> {
    return await this.task(
      'a running manager',
      (task) => task.role === 'manager' && task.lastStatus === 'RUNNING',
    );
  }

  /** The first task of this run for which the condition holds. */
  async task(what: string, condition: (task: ObservedTask) => boolean): Promise<ObservedTask> {
    const { observer } = this.environment;
    await observer.waitUntil(what, PATIENCE_MS, () => this.tasks.some(condition));
    const found = this.tasks.findLast(condition);
    if (!found) throw new Error(`no longer there: ${what}`);
    return found;
  }

  /** Tasks seen since the run began. */
  get tasks(): ObservedTask[] {
    return this.environment.observer.tasks.filter(
      ({ createdAt }) => (createdAt?.getTime() ?? 0) >= this.#startedAt - 1000,
    );
  }

  /** Resolves once the job's script has begun and said so. */
  async scriptBegan(job: Job): Promise<void> {
    await this.environment.gitlab.waitForJob(
      job.id,
      ({ trace }) => trace.text.includes(SCRIPT_BEGINS),
      PATIENCE_MS,
    );
  }

  /** Resolves once every message was answered for: none waits, and none is to come back. */
  async launcherIsDone(): Promise<void> {
    const { sqs, system } = this.environment;
    const query = new GetQueueAttributesCommand({
      QueueUrl: system.outputs.QueueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    });
    const isDone = async () => {
      const { Attributes = {} } = await sqs.send(query);
      return Object.values(Attributes).every((count) => count === '0') || undefined;
    };
    await until('an answer for every message of the launcher', isDone, PATIENCE_MS, LOOK_MS);
  }

  async finished(jobs: readonly Job[], timeoutMs = PATIENCE_MS): Promise<void> {
    await Promise.all(jobs.map(({ id }) => this.environment.gitlab.waitForJob(id, undefined, timeoutMs)));
  }

  /** Waits until rules have taken all the calls that they are for. */
  async taken(...rules: readonly ActiveRule[]): Promise<void> {
    const all = Promise.all(rules.map((rule) => rule.whenMatched()));
    const late = delay(PATIENCE_MS, undefined, { ref: false }).then(() => {
      const counts = rules.map(({ matched }) => matched).join(', ');
      throw new Error(`the rules took only ${counts} calls: the fault never happened as planned`);
    });
    await Promise.race([all, late]);
  }

  pause(ms: number): Promise<void> {
    return delay(ms);
  }

  /** What was jobs so far. */
  get jobs(): FaultJob[] {
    return [...this.#jobs.values()];
  }

  /** Seconds from the fault's end to the end of the last job. */
  get secondsToRecover(): number {
    const ends = this.jobs.map(({ job }) => job.finishedAt?.getTime() ?? Date.now());
    return Math.max(0, Math.max(0, ...ends) - (this.#recoveringAt ?? Date.now())) / 1000;
  }

  #run(job: Job): FaultJob {
    const known = this.#jobs.get(job.id) ?? {
      job,
      expected: { status: 'success' },
      interruption: undefined,
    };
    this.#jobs.set(job.id, known);
    return known;
  }
}

async function executionRole(ecs: ECSClient, taskDefinition: string): Promise<string> {
  const answer = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
  const role = answer.taskDefinition?.executionRoleArn;
  if (role === undefined) throw new Error(`${taskDefinition} has no execution role`);
  return role;
}
