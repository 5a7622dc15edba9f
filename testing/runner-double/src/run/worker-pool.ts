import { type JobStatus, runJob } from '../build/run-job.ts';
import { type RunnerConfig, shortToken } from '../config.ts';
import { messageOf } from '../errors.ts';
import type { ReceivedJob } from '../job/payload.ts';
import type { Logger } from '../log.ts';
import { GitLabClient } from '../network/gitlab-client.ts';
import { Health } from './health.ts';
import type { RunnerFacts } from './metrics.ts';

export type PoolOptions = {
  readonly systemId: string;
  readonly inherited: Readonly<Record<string, string>>;
  readonly temporaryDirectory: string;
  readonly log: Logger;
  /** Maximum number of concurrent jobs of all runners. */
  concurrent(): number;
  /** Aborted when no new job may be taken: pending requests are canceled. */
  readonly stopping: AbortSignal;
  /** Aborted when running jobs must stop. */
  readonly interrupted: AbortSignal;
};

type RunningJob = {
  readonly projectId: number;
  readonly concurrentId: number;
  readonly concurrentProjectId: number;
  readonly status: JobStatus;
};

type RunnerState = {
  readonly config: RunnerConfig;
  readonly client: GitLabClient;
  readonly health: Health;
  readonly jobs: Set<RunningJob>;
  requests: number;
  jobsTotal: number;
  /** Number of responses to job requests, by status. */
  readonly responses: Map<number, number>;
};

/** Requests jobs from GitLab and runs them, within `concurrent`, `limit` and `request_concurrency`. */
export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #runners = new Map<string, RunnerState>();
  readonly #work = new Set<Promise<void>>();
  /** Runners that were due while all workers were busy. As in the real runner's queue, they are served when one is free. */
  readonly #due = new Set<RunnerConfig>();

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Lets a runner request a job in the background if the limits allow it. */
  offer(config: RunnerConfig): void {
    if (this.#options.stopping.aborted) return;
    const runner = this.#stateOf(config);
    if (config.token === '' || !runner.health.isHealthy()) return;
    if (config.executor !== 'custom') {
      this.#options.log.error(`Executor "${config.executor}" is not known; marking Runner as unhealthy`);
      runner.health.record(false);
      return;
    }
    if (this.#work.size >= this.#options.concurrent()) {
      this.#due.add(config);
      return;
    }
    if (config.limit > 0 && runner.jobs.size + runner.requests >= config.limit) return;
    if (runner.requests >= Math.max(1, config.request_concurrency)) return;
    const work = this.#process(runner).finally(() => {
      this.#work.delete(work);
      this.#serveDue();
    });
    this.#work.add(work);
  }

  /** Settles when no request or job is running. */
  async drained(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  facts(): RunnerFacts[] {
    return [...this.#runners.values()].map(({ config, jobs, jobsTotal, requests, responses }) => ({
      config,
      systemId: this.#options.systemId,
      jobs: [...jobs].map(({ status }) => status),
      jobsTotal,
      requests,
      responses,
    }));
  }

  #serveDue(): void {
    const due = [...this.#due];
    this.#due.clear();
    for (const config of due) this.offer(config);
  }

  async #process(runner: RunnerState): Promise<void> {
    let received: ReceivedJob | undefined;
    runner.requests += 1;
    try {
      const result = await runner.client.requestJob(this.#options.stopping);
      runner.health.record(result.healthy);
      runner.responses.set(result.status, (runner.responses.get(result.status) ?? 0) + 1);
      received = result.job;
    } catch (error) {
      this.#options.log.warning(`Failed to process runner: ${messageOf(error)}`);
    } finally {
      runner.requests -= 1;
    }
    if (received !== undefined) await this.#run(runner, received);
  }

  async #run(runner: RunnerState, received: ReceivedJob): Promise<void> {
    const { config } = runner;
    const { job } = received;
    const running = this.#assignNumbers(runner, job.job_info.project_id);
    runner.jobs.add(running);
    runner.jobsTotal += 1;
    const log = this.#options.log.with({
      runner: shortToken(config.token),
      runner_name: config.name,
      job: job.id,
      project: job.job_info.project_id,
    });
    log.info('Added job to processing list');
    // Further jobs may be pending: another worker requests one at once.
    if (!config.strict_check_interval) this.offer(config);
    try {
      await runJob({
        ...this.#options,
        identity: { job, runner: config, ...running },
        received,
        log,
        status: running.status,
      });
    } catch (error) {
      log.error(`The job failed with an internal error of the runner double: ${messageOf(error)}`);
    } finally {
      runner.jobs.delete(running);
      log.info('Removed job from processing list');
    }
  }

  /** Assigns the lowest numbers not used by a running job. */
  #assignNumbers(runner: RunnerState, projectId: number): RunningJob {
    const free = (used: number[]) => {
      let number = 0;
      while (used.includes(number)) number += 1;
      return number;
    };
    const jobs = [...runner.jobs];
    return {
      projectId,
      concurrentId: free(jobs.map(({ concurrentId }) => concurrentId)),
      concurrentProjectId: free(
        jobs.filter((other) => other.projectId === projectId).map((other) => other.concurrentProjectId),
      ),
      status: { state: 'pending', stage: '', executorStage: '' },
    };
  }

  #stateOf(config: RunnerConfig): RunnerState {
    const key = `${config.url} ${config.token}`;
    const known = this.#runners.get(key);
    // Reloading the file creates new objects; counters and health are kept.
    if (known !== undefined && known.config === config) return known;
    const log = this.#options.log.with({ runner: shortToken(config.token), runner_name: config.name });
    const state: RunnerState = {
      jobs: new Set(),
      requests: 0,
      jobsTotal: 0,
      responses: new Map(),
      health: new Health(config, this.#options.log),
      ...known,
      config,
      client: known?.client ?? new GitLabClient(config, this.#options.systemId, log),
    };
    this.#runners.set(key, state);
    return state;
  }
}
