import { randomBytes } from 'node:crypto';
import type { Artifact } from './artifact.ts';
import type { JobDefinition } from './definitions.ts';
import type { Pipeline } from './pipeline.ts';
import type { Runner, RunnerManager } from './runner.ts';
import { Trace, type TraceSection } from './trace.ts';

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

/** Statuses that a job does not leave again. */
const FINISHED: readonly JobStatus[] = ['success', 'failed', 'canceled', 'skipped'];

/** How the log that is here compares with the checksum that the runner sent with its last update. */
export type TraceDecision = 'unchecked' | 'valid' | 'incomplete' | 'invalid';

/** A job as GitLab sees it. Fields change as the job goes on; only the double writes them. */
export class Job {
  readonly id: number;
  readonly pipeline: Pipeline;
  readonly definition: JobDefinition;
  /** The job token, valid while the job runs. */
  readonly token: string;
  readonly trace = new Trace();
  readonly artifacts: Artifact[] = [];
  /** Variables of its dotenv report, for the jobs that depend on it. */
  dotenv: Readonly<Record<string, string>> = {};
  /** How many jobs of this name came before it. */
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
  /** When the runner first reported a final state that could not be accepted yet. */
  finalUpdateSince: Date | null = null;
  /** Times each update of the runner came: `PUT` with state `running` and the like. */
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

  /** The job's token opens doors only now. */
  get tokenValid(): boolean {
    return this.status === 'running' || this.status === 'canceling';
  }

  get archive(): Artifact | undefined {
    return this.artifacts.find((artifact) => artifact.type === 'archive');
  }

  /** Seconds it has run, null if it has not. */
  duration(now: Date): number | null {
    return seconds(this.startedAt, this.finishedAt ?? now);
  }

  /** Seconds between becoming pending and being taken, null if never pending. */
  queuedDuration(now: Date): number | null {
    return seconds(this.queuedAt, this.startedAt ?? this.finishedAt ?? now);
  }

  /** When `text` was first complete in the log that reached the double; null if it is not there. */
  firstSeen(text: string | Buffer): Date | null {
    return this.trace.firstSeen(text);
  }

  sections(): TraceSection[] {
    return this.trace.sections();
  }

  /**
   * When the log showed that the job's own script had begun; null if it has not. By the double's clock, so late by up to the trace
   * update interval. The section is `build_script` in some versions' custom executor.
   */
  get scriptAt(): Date | null {
    const script = this.sections().find(({ name }) => name === 'step_script' || name === 'build_script');
    return script?.seenAt ?? null;
  }

  /** For logs and reports: no token in it. */
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
