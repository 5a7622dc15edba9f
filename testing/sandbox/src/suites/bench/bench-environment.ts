import { EmulatorSwitches } from '@serverless-gitlab-runner/aws-emulator';
import type { Project } from '@serverless-gitlab-runner/gitlab-double';
import type { Cleanup, Log } from '@serverless-gitlab-runner/machine';
import { openFleet } from '../../system/open-fleet.ts';
import type { PreparedMachine } from '../../system/prepare-machine.ts';
import { startTestEnvironment, type TestEnvironment } from '../../system/test-environment.ts';
import { type PipelineWait, runPipeline, type StagedPipeline } from './staged-pipeline.ts';

/** A fleet with default settings, and one that starts tasks ahead and is otherwise equal. The names are their runners' tags. */
export type BenchFleet = 'default' | 'ahead';

/** Jobs' images are local, so no registry can be asked about their tags. */
const AHEAD_FLEET = { name: 'ahead', ahead: { start: 'next', tagsAreFixed: true } } as const;

const PIPELINE_TIMEOUT_MS = 6 * 60_000;
const STOP_TIMEOUT_MS = 3 * 60_000;

export interface BenchEnvironmentOptions {
  log: Log;
  cleanup: Cleanup;
  signal: AbortSignal;
  machine: PreparedMachine;
}

/** The deployed system with both fleets. */
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
      fleets: async () => ({ otherFleets: [AHEAD_FLEET] }),
    });
    const { gitlab, system } = environment;
    const { token: runnerToken } = gitlab.createRunner({ tags: ['ahead'], runUntagged: false });
    const ahead = await openFleet(system, { name: 'ahead', runnerToken });
    return new BenchEnvironment(environment, { default: system.webhookUrl, ahead });
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

  /** Resolves with all tasks of a fleet that were created since a moment, once its job tasks have stopped. */
  async tasksSince(fleet: BenchFleet, since: Date) {
    const { observer } = this.#environment;
    const own = () =>
      observer.tasks.filter(
        (task) =>
          task.fleet === fleet &&
          (task.role === 'manager' || (task.createdAt !== undefined && task.createdAt >= since)),
      );
    await observer.waitUntil('the job tasks to stop', STOP_TIMEOUT_MS, () =>
      own().every(({ role, lastStatus }) => role === 'manager' || lastStatus === 'STOPPED'),
    );
    return own();
  }
}
