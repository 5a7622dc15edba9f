import type { RunnerConfig } from '../config.ts';
import type { Logger } from '../log.ts';
import { describe, type Reply, send } from './http.ts';
import { runnerInfo } from './runner-info.ts';

/** The state of the job in each response of GitLab. */
export type RemoteState = {
  /** `Job-Status: canceling`: the script must stop; later stages still run. */
  readonly cancelRequested: boolean;
  /** From `X-GitLab-Trace-Update-Interval`, in milliseconds; 0 without that header. */
  readonly updateInterval: number;
};

export type PatchResult = RemoteState &
  (
    | { readonly kind: 'accepted'; readonly offset: number }
    | { readonly kind: 'range-mismatch'; readonly offset: number }
    | { readonly kind: 'aborted' }
    | { readonly kind: 'not-found' }
    | { readonly kind: 'failed' }
  );

export type UpdateResult = RemoteState & {
  readonly kind: 'accepted' | 'not-yet-completed' | 'trace-invalid' | 'aborted' | 'failed';
};

export type JobUpdate = {
  readonly state: 'running' | 'success' | 'failed';
  readonly failureReason?: string;
  readonly exitCode?: number;
  readonly output?: { readonly checksum: string; readonly bytesize: number };
};

function remoteState(reply: Reply): RemoteState & { readonly ended: boolean } {
  if (!('response' in reply)) return { cancelRequested: false, updateInterval: 0, ended: false };
  const status = reply.headers.get('Job-Status') ?? '';
  const interval = Number.parseInt(reply.headers.get('X-GitLab-Trace-Update-Interval') ?? '', 10);
  return {
    cancelRequested: status === 'canceling',
    updateInterval: Number.isNaN(interval) ? 0 : interval * 1000,
    ended: status === 'canceled' || status === 'failed' || reply.status === 403,
  };
}

/** Requests for one job, authenticated with the job token. */
export class JobClient {
  readonly #runner: RunnerConfig;
  readonly #job: { readonly id: number; readonly token: string };
  readonly #log: Logger;

  constructor(runner: RunnerConfig, job: { id: number; token: string }, log: Logger) {
    this.#runner = runner;
    this.#job = job;
    this.#log = log.with({ job: job.id });
  }

  /** Sends `content` as the part of the job log that starts at `offset`. */
  async patchTrace(content: Uint8Array<ArrayBuffer>, offset: number, debug: boolean): Promise<PatchResult> {
    const range = `${offset}-${offset + content.length - 1}`;
    const reply = await send(this.#runner.url, {
      method: 'PATCH',
      path: `jobs/${this.#job.id}/trace?debug_trace=${debug}`,
      headers: { 'JOB-TOKEN': this.#job.token, 'Content-Type': 'text/plain', 'Content-Range': range },
      body: content,
    });
    const { ended, ...state } = remoteState(reply);
    const status = await describe(reply);
    const log = (level: 'info' | 'warning', outcome: string) =>
      this.#log.log(level, `Appending trace to coordinator... ${outcome}`, { 'sent-log': range, status });
    if (ended) {
      log('warning', 'job failed');
      return { ...state, kind: 'aborted' };
    }
    switch (reply.status) {
      case 202:
        log('info', 'ok');
        return { ...state, kind: 'accepted', offset: offset + content.length };
      case 404:
        log('warning', 'not-found');
        return { ...state, kind: 'not-found' };
      case 416:
        log('warning', 'range mismatch');
        return { ...state, kind: 'range-mismatch', offset: storedBytes(reply) };
      default:
        log('warning', 'failed');
        return { ...state, kind: 'failed' };
    }
  }

  /** Reports the job's state. */
  async update(update: JobUpdate): Promise<UpdateResult> {
    const reply = await send(this.#runner.url, {
      method: 'PUT',
      path: `jobs/${this.#job.id}`,
      headers: { 'JOB-TOKEN': this.#job.token, 'Content-Type': 'application/json' },
      body: JSON.stringify({
        info: runnerInfo(this.#runner),
        token: this.#job.token,
        state: update.state,
        ...(update.failureReason === undefined ? {} : { failure_reason: update.failureReason }),
        ...(update.output === undefined ? {} : { checksum: update.output.checksum }),
        output: update.output ?? {},
        ...(update.exitCode === undefined || update.exitCode === 0 ? {} : { exit_code: update.exitCode }),
      }),
    });
    const { ended, ...state } = remoteState(reply);
    const status = await describe(reply);
    const log = (level: 'info' | 'warning' | 'error', outcome: string) =>
      this.#log.log(level, `Submitting job to coordinator... ${outcome}`, { code: reply.status, status });
    const [kind, level, outcome] = ended ? ENDED : (UPDATE_OUTCOMES.get(reply.status) ?? FAILED);
    log(level, outcome);
    return { ...state, kind };
  }
}

type UpdateOutcome = readonly [
  kind: UpdateResult['kind'],
  level: 'info' | 'warning' | 'error',
  outcome: string,
];
const ENDED: UpdateOutcome = ['aborted', 'warning', 'job failed'];
const FAILED: UpdateOutcome = ['failed', 'warning', 'failed'];
const UPDATE_OUTCOMES: ReadonlyMap<number, UpdateOutcome> = new Map<number, UpdateOutcome>([
  [200, ['accepted', 'info', 'ok']],
  [202, ['not-yet-completed', 'info', 'accepted, but not yet completed']],
  [404, ['aborted', 'warning', 'not found']],
  [412, ['trace-invalid', 'info', 'trace validation failed']],
]);

/** Parses GitLab's header `Range: 0-<received bytes>`. */
function storedBytes(reply: Reply): number {
  if (!('response' in reply)) return 0;
  const size = Number.parseInt((reply.headers.get('Range') ?? '').split('-')[1] ?? '', 10);
  return Number.isNaN(size) ? 0 : size;
}
