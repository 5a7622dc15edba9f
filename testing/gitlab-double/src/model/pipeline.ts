import { randomBytes } from 'node:crypto';
import type { Artifact } from './artifact.ts';
import type { JobDefinition, PipelineDefinition, VariableDefinitions } from './definitions.ts';
import type { Project } from './project.ts';
import type { Runner, RunnerManager } from './runner.ts';
import { Trace, type TraceSection } from './trace.ts';

export type PipelineStatus =
  | 'created'
  | 'waiting_for_resource'
  | 'pending'
  | 'running'
  | 'success'
  | 'failed'
  | 'canceled'
  | 'skipped'
  | 'manual';

/** The commit of a pipeline. */
export interface Commit {
  sha: string;
  message: string;
  authorName: string;
  authorEmail: string;
  /** ISO 8601 with offset, as git prints it. */
  timestamp: string;
}

export interface Pipeline {
  id: number;
  /** Number within its project. */
  iid: number;
  project: Project;
  ref: string;
  commit: Commit;
  beforeSha: string;
  source: string;
  sourcePipeline: NonNullable<PipelineDefinition['sourcePipeline']> | null;
  stages: readonly string[];
  variables: VariableDefinitions;
  /** All jobs, including retried ones. */
  jobs: Job[];
  status: PipelineStatus;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
}

export type JobStatus =
  | 'created'
  | 'waiting_for_resource'
  | 'pending'
  | 'running'
  | 'canceling'
  | 'success'
  | 'failed'
  | 'canceled'
  | 'skipped'
  | 'manual';

/** Final statuses. */
const FINISHED: readonly JobStatus[] = ['success', 'failed', 'canceled', 'skipped'];

/** Result of comparing the received log with the checksum in the runner's last update. */
export type TraceDecision = 'unchecked' | 'valid' | 'incomplete' | 'invalid';

/** A job as GitLab sees it. Fields change while it runs; only the double writes them. */
export class Job {
  readonly id: number;
  readonly pipeline: Pipeline;
  readonly definition: JobDefinition;
  /** The job token, valid while the job runs. */
  readonly token: string;
  readonly trace = new Trace();
  readonly artifacts: Artifact[] = [];
  /** Variables of its dotenv report, for dependent jobs. */
  dotenv: Readonly<Record<string, string>> = {};
  /** Number of earlier jobs of this name in the pipeline. */
  readonly retriesCount: number;
  readonly createdAt: Date;
  status: JobStatus = 'created';
  failureReason: string | null = null;
  exitCode: number | null = null;
  /** When it became pending. */
  queuedAt: Date | null = null;
  /** When a runner took it. */
  startedAt: Date | null = null;
  finishedAt: Date | null = null;
  runner: Runner | null = null;
  manager: RunnerManager | null = null;
  traceDecision: TraceDecision = 'unchecked';
  /** When the runner first reported a final state. */
  finalUpdateSince: Date | null = null;
  /** Number of the runner's updates (`PUT /jobs/:id`), of any state. */
  updates = 0;
  /** Replaced by a newer job of the same name. */
  retried = false;

  constructor(
    id: number,
    pipeline: Pipeline,
    definition: JobDefinition,
    createdAt: Date,
    retriesCount: number,
  ) {
    this.id = id;
    this.pipeline = pipeline;
    this.definition = definition;
    this.createdAt = createdAt;
    this.retriesCount = retriesCount;
    this.token = `glcbt-${(id % 256).toString(16)}_${randomBytes(15).toString('base64url')}`;
  }

  get name(): string {
    return this.definition.name;
  }

  get stage(): string {
    return this.definition.stage;
  }

  get image(): string | null {
    const image = this.definition.image;
    return typeof image === 'string' ? image : (image?.name ?? null);
  }

  get allowFailure(): boolean {
    const { allowFailure = false } = this.definition;
    if (typeof allowFailure === 'boolean') return allowFailure;
    return this.exitCode !== null && allowFailure.exitCodes.includes(this.exitCode);
  }

  get finished(): boolean {
    return FINISHED.includes(this.status);
  }

  /** The job token is valid only while the job runs. */
  get tokenValid(): boolean {
    return this.status === 'running' || this.status === 'canceling';
  }

  get archive(): Artifact | undefined {
    return this.artifacts.find((artifact) => artifact.type === 'archive');
  }

  /** Seconds since the job was started; null if it was not. */
  duration(now: Date): number | null {
    return seconds(this.startedAt, this.finishedAt ?? now);
  }

  /** Seconds between becoming pending and being started; null if it was never pending. */
  queuedDuration(now: Date): number | null {
    return seconds(this.queuedAt, this.startedAt ?? this.finishedAt ?? now);
  }

  /** When the received log first contained the whole `text`; null if it does not contain it. */
  firstSeen(text: string | Buffer): Date | null {
    return this.trace.firstSeen(text);
  }

  sections(): TraceSection[] {
    return this.trace.sections();
  }

  /**
   * When the log first showed the start of the job's own script; null if it has not. Measured with the double's clock, so late by
   * up to the trace update interval. With the custom executor of some versions the section is called `build_script`.
   */
  get scriptAt(): Date | null {
    const script = this.sections().find(({ name }) => name === 'step_script' || name === 'build_script');
    return script?.seenAt ?? null;
  }

  /** For logs and reports: without the token. */
  toJSON() {
    const { id, name, stage, status, failureReason, exitCode, image } = this;
    const { createdAt, queuedAt, startedAt, finishedAt } = this;
    const at = { createdAt, queuedAt, startedAt, finishedAt };
    return { id, name, stage, status, failureReason, exitCode, image, ...at, traceBytes: this.trace.size };
  }
}

function seconds(from: Date | null, to: Date): number | null {
  return from ? (to.getTime() - from.getTime()) / 1000 : null;
}

/** The newest job of each name. */
export function latestJobs(pipeline: Pipeline): Job[] {
  return pipeline.jobs.filter((job) => !job.retried);
}
