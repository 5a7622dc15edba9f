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
import { reportsQueued } from './describe-loss.ts';
import type { FaultEnvironment } from './fault-environment.ts';
import { FleetDocument } from './fleet-document.ts';
import { DOCKER_AUTH_CONFIG, MASKED_VALUE } from './planted-secrets.ts';
import { Reaper } from './reaper.ts';
import { SCRIPT_START_LINE, type SmallJob, smallJob, smallJobs } from './small-jobs.ts';

/** Default time limit of every wait, in milliseconds. */
const WAIT_TIMEOUT_MS = 90_000;

const POLL_INTERVAL_MS = 500;

/** Options of the webhooks of a run's project. */
export interface HookOptions {
  /** Number of deliveries of each event. Default 1. */
  copies?: number;
  /** Token to sign webhooks with. Default: none, webhooks carry the secret instead. */
  signingToken?: string;
}

/** One run of a fault: its project, its jobs, and the operations with which a fault affects the system. */
export class FaultRun {
  readonly environment: FaultEnvironment;
  readonly log: Log;
  readonly switches: EmulatorSwitches;
  readonly fleet: FleetDocument;
  readonly reaper: Reaper;
  /** Failed checks beyond the counts, in sentences. */
  readonly problems: string[] = [];
  /** Refusals of GitLab that the fault itself causes. */
  readonly allowedRefusals: RegExp[] = [];
  readonly #jobs = new Map<number, FaultJob>();
  readonly #project: Project;
  readonly #startedAt = Date.now();
  #faultEndedAt: number | undefined;

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

  /** Sends the project's events to the receiver from now on. */
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

  /** Queues jobs in a pipeline of their own. A number queues that many small jobs of three seconds. */
  async queue(jobs: number | readonly SmallJob[]): Promise<Job[]> {
    return this.queueStages([typeof jobs === 'number' ? smallJobs(jobs) : jobs]);
  }

  /** Queues the jobs of a pipeline with several stages. Returns them in their order. */
  async queueStages(stages: readonly (readonly SmallJob[])[]): Promise<Job[]> {
    const nameOf = (index: number) => `stage-${index + 1}`;
    const pipeline = await this.environment.gitlab.createPipeline(this.#project, {
      stages: stages.map((_, index) => nameOf(index)),
      jobs: stages.flatMap((jobs, index) => jobs.map((job) => ({ ...job, stage: nameOf(index) }))),
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

  /** Declares how a job must end. Default: success. */
  expect(job: Job, end: ExpectedEnd): void {
    this.#run(job).expected = end;
  }

  /** Declares that the fault itself ends a job. It must fail as a system failure, with `reason` in its log. */
  expectInterruption(job: Job, reason: RegExp): void {
    this.#run(job).interruption = reason;
  }

  /** Queues a job again, as `retry:` in a `.gitlab-ci.yml` does, here with a script of three seconds. */
  retry(job: Job): Promise<Job> {
    return this.queueOne(smallJob(`${job.name}-again`));
  }

  /**
   * Fails a job whose manager vanished, and queues it again. GitLab does so after an hour without an update of the job; here it
   * does so at once.
   */
  async dropStuckJob(job: Job): Promise<void> {
    if (job.finished) return;
    this.expectInterruption(job, /(?:)/);
    this.environment.gitlab.dropStuckJob(job.id);
    await this.retry(job);
  }

  /** Marks the end of the fault: from now on the system must recover. */
  faultEnded(): void {
    this.#faultEndedAt = Date.now();
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

  /** Returns the bodies of the webhooks that reported these jobs as queued, whether they arrived or not. */
  async webhookBodiesOf(jobs: readonly Job[]): Promise<string[]> {
    await this.environment.gitlab.deliveriesSettled();
    return jobs.map(({ id }) => {
      const queued = this.environment.gitlab.deliveries.find((delivery) => reportsQueued(delivery, id));
      if (!queued) throw new Error(`GitLab sent no webhook for job ${id} being queued`);
      return queued.requestBody;
    });
  }

  /** Deletes every runner at GitLab. Their tokens are refused from now on. */
  revokeRunners(): void {
    for (const { id } of this.environment.gitlab.runners.values()) this.environment.gitlab.revokeRunner(id);
  }

  /** Creates a new runner and stores its token for the fleet. */
  async newRunner(): Promise<void> {
    const { token } = this.environment.gitlab.createRunner({ description: 'a new runner for the fleet' });
    await this.fleet.setRunnerToken(token);
  }

  /**
   * Lets idle managers wait for longer. On a busy machine, the default of the faults drains a manager before all of its jobs have
   * tasks, and then another one is rightly started.
   */
  async letManagersWait(): Promise<void> {
    const { manager } = await this.fleet.read();
    await this.fleet.change({ manager: { ...manager, idleSeconds: 20 } });
  }

  /** Checks how many tasks were started. */
  expectStarted(expected: { managers: number; jobTasks: number }): void {
    const count = (role: string) => this.tasks.filter((task) => task.role === role).length;
    if (count('manager') !== expected.managers)
      this.problems.push(`${count('manager')} managers were started, expected ${expected.managers}`);
    if (count('job') !== expected.jobTasks)
      this.problems.push(`${count('job')} job tasks were started, expected ${expected.jobTasks}`);
  }

  /** Resolves with the job's task once it is in one of these states. */
  async taskOfJob(job: Job, ...states: string[]): Promise<ObservedTask> {
    const matches = (task: ObservedTask) =>
      task.jobId === job.id && (states.length === 0 || states.includes(task.lastStatus));
    return await this.waitForTask(`a task of job ${job.name} ${states.join(' or ')}`, matches);
  }

  /** Returns the role with which ECS creates a task's log stream and pulls its images. */
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

  /** Calls StopTask as an operator, outside of the system. */
  async stopTask(task: string, reason: string): Promise<void> {
    const { ecs, outputs } = this.environment.system;
    await ecs.send(new StopTaskCommand({ cluster: outputs.ClusterArn, task, reason }));
  }

  /** Deregisters all task definitions of jobs as an operator, outside of the system. */
  async deregisterJobDefinitions(): Promise<void> {
    const { ecs } = this.environment.system;
    const { taskDefinitionArns = [] } = await ecs.send(new ListTaskDefinitionsCommand({ status: 'ACTIVE' }));
    const ofJobs = taskDefinitionArns.filter((arn) => fleetOfJobFamily(familyOf(arn)) !== undefined);
    if (ofJobs.length === 0) this.problems.push('no task definition of jobs existed to deregister');
    for (const taskDefinition of ofJobs)
      await ecs.send(new DeregisterTaskDefinitionCommand({ taskDefinition }));
  }

  /** Checks that a task stops within `timeoutMs` milliseconds. */
  async expectStopWithin(taskArn: string, timeoutMs: number): Promise<void> {
    const stopped = () =>
      this.tasks.some((task) => task.taskArn === taskArn && task.lastStatus === 'STOPPED');
    await this.environment.observer
      .waitUntil('the end of a task', timeoutMs, stopped)
      .catch(() => this.problems.push(`a task had not stopped ${timeoutMs / 1000} s after its job`));
  }

  /** Resolves with the newest running manager, once one runs. */
  async runningManager(): Promise<ObservedTask> {
    return await this.waitForTask(
      'a running manager',
      (task) => task.role === 'manager' && task.lastStatus === 'RUNNING',
    );
  }

  /** Resolves with the newest task of this run for which the condition holds, once one exists. */
  async waitForTask(what: string, condition: (task: ObservedTask) => boolean): Promise<ObservedTask> {
    const { observer } = this.environment;
    await observer.waitUntil(what, WAIT_TIMEOUT_MS, () => this.tasks.some(condition));
    const found = this.tasks.findLast(condition);
    if (!found) throw new Error(`the task no longer matches: ${what}`);
    return found;
  }

  /** Tasks that were created since the run started. */
  get tasks(): ObservedTask[] {
    return this.environment.observer.tasks.filter(
      ({ createdAt }) => (createdAt?.getTime() ?? 0) >= this.#startedAt - 1000,
    );
  }

  /** Resolves once the job's log shows that its script has started. */
  async scriptStarted(job: Job): Promise<void> {
    await this.environment.gitlab.waitForJob(
      job.id,
      ({ trace }) => trace.text.includes(SCRIPT_START_LINE),
      WAIT_TIMEOUT_MS,
    );
  }

  /** Resolves once the launcher's queue has no message, visible or in flight. */
  async launcherQueueEmpty(timeoutMs = WAIT_TIMEOUT_MS): Promise<void> {
    const { sqs, system } = this.environment;
    const query = new GetQueueAttributesCommand({
      QueueUrl: system.outputs.QueueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    });
    const isEmpty = async () => {
      const { Attributes = {} } = await sqs.send(query);
      return Object.values(Attributes).every((count) => count === '0') || undefined;
    };
    await until("the launcher's queue to be empty", isEmpty, timeoutMs, POLL_INTERVAL_MS);
  }

  async jobsFinished(jobs: readonly Job[], timeoutMs = WAIT_TIMEOUT_MS): Promise<void> {
    await Promise.all(jobs.map(({ id }) => this.environment.gitlab.waitForJob(id, undefined, timeoutMs)));
  }

  /** Resolves once each rule has been applied to as many calls as it is meant for. */
  async rulesApplied(...rules: readonly ActiveRule[]): Promise<void> {
    const all = Promise.all(rules.map((rule) => rule.whenMatched()));
    const timeout = delay(WAIT_TIMEOUT_MS, undefined, { ref: false }).then(() => {
      const counts = rules.map(({ matched }) => matched).join(', ');
      throw new Error(`the rules were applied to only ${counts} calls: the fault did not happen as planned`);
    });
    await Promise.race([all, timeout]);
  }

  pause(ms: number): Promise<void> {
    return delay(ms);
  }

  /** All jobs queued so far. */
  get jobs(): FaultJob[] {
    return [...this.#jobs.values()];
  }

  /** Seconds from the fault's end to the end of the last job. */
  get secondsToRecover(): number {
    const ends = this.jobs.map(({ job }) => job.finishedAt?.getTime() ?? Date.now());
    return Math.max(0, Math.max(0, ...ends) - (this.#faultEndedAt ?? Date.now())) / 1000;
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
