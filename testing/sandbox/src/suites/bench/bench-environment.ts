import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import { EmulatorSwitches, emulatorClient } from '@serverless-gitlab-runner/aws-emulator';
import { MANAGER_CONTAINER } from '@serverless-gitlab-runner/fleet';
import type { Job, Project, WebhookDelivery } from '@serverless-gitlab-runner/gitlab-double';
import type { Cleanup, Log } from '@serverless-gitlab-runner/machine';
import type { ObservedTask } from '../../system/observe-tasks.ts';
import { openFleet } from '../../system/open-fleet.ts';
import type { PreparedMachine } from '../../system/prepare-machine.ts';
import { startTestEnvironment, type TestEnvironment } from '../../system/test-environment.ts';
import { taskContainerId } from '../faults/docker-actions.ts';
import { EventTap } from '../faults/event-tap.ts';
import {
  FIRST_LINE,
  type PipelineWait,
  PRINT_FIRST_LINE,
  runPipeline,
  type StagedPipeline,
} from './staged-pipeline.ts';

/** Jobs that the manager of the fleet `many` runs at a time. */
export const MANY_JOBS = 50;

/** Maximum of managers of the fleet `burst`, each for one job. */
export const BURST_MANAGERS = 5;

/** Fleets that differ from the default settings. The names are their runners' tags. */
const OTHER_FLEETS = [
  // Jobs' images are local, so no registry can be asked about their tags.
  { name: 'ahead', ahead: { start: 'next', tagsAreFixed: true } },
  // As often as a fleet that starts tasks ahead, so that only these differ.
  { name: 'each-second', manager: { checkIntervalSeconds: 1 } },
  { name: 'many', manager: { concurrentJobs: MANY_JOBS } },
  { name: 'burst', manager: { max: BURST_MANAGERS, concurrentJobs: 1 } },
] as const;

export type BenchFleet = 'default' | (typeof OTHER_FLEETS)[number]['name'];

/** Requests for jobs since a moment. */
export interface JobRequests {
  /** The first one to a fleet from a runner process whose system id is chosen. */
  first(fleet: BenchFleet, isChosen: (systemId: string) => boolean): { at: Date } | undefined;
  /** System ids of all runner processes. */
  systems(): string[];
  stop(): void;
}

/** Equal jobs that run until they are cancelled. */
export interface RunningJobs {
  /** Default 1. */
  count?: number;
  /** Default: sleeps for an hour. */
  script?: readonly string[];
}

const PIPELINE_TIMEOUT_MS = 6 * 60_000;
const STOP_TIMEOUT_MS = 3 * 60_000;

export interface BenchEnvironmentOptions {
  log: Log;
  cleanup: Cleanup;
  signal: AbortSignal;
  machine: PreparedMachine;
}

/** The deployed system with all fleets. */
export class BenchEnvironment {
  readonly switches: EmulatorSwitches;
  readonly #environment: TestEnvironment;
  readonly #webhookUrls: Readonly<Record<BenchFleet, string>>;

  private constructor(environment: TestEnvironment, webhookUrls: Readonly<Record<BenchFleet, string>>) {
    this.#environment = environment;
    this.#webhookUrls = webhookUrls;
    this.switches = new EmulatorSwitches(environment.emulator.endpoint);
  }

  static async start(options: BenchEnvironmentOptions): Promise<BenchEnvironment> {
    const environment = await startTestEnvironment({
      ...options,
      runner: { description: 'default settings', tags: ['default'], runUntagged: false },
      fleets: async () => ({ otherFleets: OTHER_FLEETS }),
    });
    const { gitlab, system } = environment;
    const open = (name: BenchFleet) => {
      const { token: runnerToken } = gitlab.createRunner({ tags: [name], runUntagged: false });
      return openFleet(system, { name, runnerToken });
    };
    return new BenchEnvironment(environment, {
      default: system.webhookUrl,
      ahead: await open('ahead'),
      'each-second': await open('each-second'),
      many: await open('many'),
      burst: await open('burst'),
    });
  }

  async createProject(fleet: BenchFleet, name: string): Promise<Project> {
    const { gitlab, system } = this.#environment;
    const project = await gitlab.createProject({ path: `bench/${fleet}-${name}` });
    await gitlab.pushCommit(project, { message: name, files: { 'README.md': `# ${name}\n` } });
    gitlab.addWebhook({ url: this.#webhookUrls[fleet], token: system.webhookSecret, projectId: project.id });
    return project;
  }

  async run(
    project: Project,
    fleet: BenchFleet,
    pipeline: Omit<StagedPipeline, 'tag'>,
  ): Promise<PipelineWait> {
    return await runPipeline(
      this.#environment.gitlab,
      project,
      { ...pipeline, tag: fleet },
      PIPELINE_TIMEOUT_MS,
    );
  }

  /** Resolves with a value that is taken while jobs run at the same time. They are cancelled afterwards. */
  async whileRunning<Value>(
    project: Project,
    fleet: BenchFleet,
    { count = 1, script = ['sleep 3600'] }: RunningJobs,
    act: () => Promise<Value>,
  ): Promise<Value> {
    const { gitlab } = this.#environment;
    const { id, jobs } = await gitlab.createPipeline(project, {
      stages: ['test'],
      variables: { FF_TIMESTAMPS: 'false' },
      jobs: Array.from({ length: count }, (_, index) => ({
        name: `job-${index + 1}`,
        stage: 'test',
        tags: [fleet],
        script: [PRINT_FIRST_LINE, ...script],
      })),
    });
    const hasStarted = ({ trace }: Job) => FIRST_LINE.test(trace.text);
    try {
      await gitlab.waitUntil(() => jobs.every(hasStarted), PIPELINE_TIMEOUT_MS, `${count} running jobs`);
      return await act();
    } finally {
      for (const job of jobs) gitlab.cancelJob(job.id);
      await gitlab.waitForPipeline(id, undefined, PIPELINE_TIMEOUT_MS);
    }
  }

  /** Docker's id of the container of a fleet's running manager. */
  async managerContainer(fleet: BenchFleet): Promise<string> {
    const isRunning = (task: ObservedTask) =>
      task.fleet === fleet && task.role === 'manager' && task.lastStatus === 'RUNNING';
    const manager = this.#environment.observer.tasks.find(isRunning);
    if (manager === undefined) throw new Error(`fleet ${fleet} has no running manager`);
    return taskContainerId(manager.taskArn, MANAGER_CONTAINER);
  }

  /** A Job Hook of a waiting job, as GitLab delivered it. A pipeline must have run. */
  jobWebhook(): WebhookDelivery {
    const { gitlab } = this.#environment;
    const isOfWaitingJob = ({ event, requestBody }: WebhookDelivery) =>
      event === 'Job Hook' && JSON.parse(requestBody).build_status === 'pending';
    const delivery = gitlab.deliveries.find(isOfWaitingJob);
    if (delivery === undefined) throw new Error('GitLab has delivered no webhook for a waiting job');
    return delivery;
  }

  /** URL of a fleet's webhook, as this machine reaches it. */
  webhookUrl(fleet: BenchFleet): string {
    return this.#webhookUrls[fleet];
  }

  /** Records the events on the bus from now on. */
  async tapEvents(): Promise<EventTap> {
    const client = emulatorClient(this.awsEndpoint);
    const { EventBusName } = this.#environment.system.outputs;
    return EventTap.start(new EventBridgeClient(client), new SQSClient(client), EventBusName);
  }

  /** Managers of a fleet, whether they run or not. */
  managers(fleet: BenchFleet): ObservedTask[] {
    return this.#environment.observer.tasks.filter((task) => task.fleet === fleet && task.role === 'manager');
  }

  /** Resolves once a condition on the tasks in ECS holds. */
  async waitForTasks(what: string, condition: () => boolean, timeoutMs: number): Promise<void> {
    await this.#environment.observer.waitUntil(what, timeoutMs, condition);
  }

  get runId(): string {
    return this.#environment.machine.runId;
  }

  get networkName(): string {
    return this.#environment.emulator.networkName;
  }

  get awsEndpoint(): string {
    return this.#environment.emulator.endpoint;
  }

  /** Environment of the receiver's Lambda. */
  get receiverVariables(): Record<string, string> {
    const { outputs } = this.#environment.system;
    const { region, credentials } = emulatorClient(this.awsEndpoint);
    return {
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      PARAMETER_PREFIX: outputs.ParameterPrefix,
      EVENT_BUS_NAME: outputs.EventBusName,
    };
  }

  /** Records requests for jobs from now on. */
  watchJobRequests(): JobRequests {
    const requests: { at: Date; tags: readonly string[]; systemId: string }[] = [];
    const stop = this.#environment.gitlab.subscribe((event) => {
      if (event.type !== 'runner-contact' || event.request !== 'jobs/request') return;
      requests.push({ at: event.at, tags: event.runner.tags, systemId: event.manager.systemId });
    });
    return {
      first: (fleet, isChosen) =>
        requests.find(({ tags, systemId }) => tags.includes(fleet) && isChosen(systemId)),
      systems: () => requests.map(({ systemId }) => systemId),
      stop,
    };
  }

  /** Resolves once a condition on GitLab's requests holds. */
  async waitForRequest(condition: () => boolean, timeoutMs: number): Promise<void> {
    await this.#environment.gitlab.waitUntil(condition, timeoutMs, 'a request for a job');
  }

  /**
   * Resolves with a fleet's managers and the job tasks that were created since a moment, once these have stopped.
   * @param project whose job tasks are meant. Default: all
   */
  async tasksSince(fleet: BenchFleet, since: Date, project?: Project) {
    const { observer } = this.#environment;
    const isMeant = ({ role, createdAt, projectId }: ObservedTask) =>
      role === 'manager' ||
      (createdAt !== undefined && createdAt >= since && (project === undefined || projectId === project.id));
    const own = () => observer.tasks.filter((task) => task.fleet === fleet && isMeant(task));
    await observer.waitUntil('the job tasks to stop', STOP_TIMEOUT_MS, () =>
      own().every(({ role, lastStatus }) => role === 'manager' || lastStatus === 'STOPPED'),
    );
    return own();
  }
}
