import { setTimeout as sleep } from 'node:timers/promises';
import type { JobClient, JobUpdate, RemoteState } from '../network/job-client.ts';
import type { TraceBuffer } from './trace-buffer.ts';

/** The real runner's limits (common/consts.go), in milliseconds and bytes. */
export const TRACE_LIMITS = {
  updateInterval: 3000,
  maxUpdateInterval: 15 * 60_000,
  keepAliveInterval: 30_000,
  patchSize: 1024 * 1024,
  finalAttempts: 10,
  finalBackoff: { initial: 1000, max: 60 * 60_000 },
};

export type TraceCallbacks = {
  /** GitLab reports `canceling`: the current script must stop; later stages still run. */
  cancel(): void;
  /** GitLab reports `canceled`, or has ended the job for another reason: everything stops. */
  abort(): void;
};

export type FinalState =
  | { readonly state: 'success' }
  | { readonly state: 'failed'; readonly failureReason: string; readonly exitCode: number };

/** Sends a job's log to GitLab while it grows, and the job's state at its end. */
export class TraceUploader {
  readonly #client: Pick<JobClient, 'patchTrace' | 'update'>;
  readonly #buffer: TraceBuffer;
  readonly #callbacks: TraceCallbacks;
  readonly #debug: boolean;
  readonly #limits: typeof TRACE_LIMITS;
  readonly #stopped = new AbortController();
  #interval: number;
  #sent = 0;
  #sentAt = 0;
  #watching: Promise<void> = Promise.resolve();

  constructor(
    client: Pick<JobClient, 'patchTrace' | 'update'>,
    buffer: TraceBuffer,
    callbacks: TraceCallbacks,
    options: { readonly debug: boolean; readonly limits?: typeof TRACE_LIMITS },
  ) {
    this.#client = client;
    this.#buffer = buffer;
    this.#callbacks = callbacks;
    this.#debug = options.debug;
    this.#limits = options.limits ?? TRACE_LIMITS;
    this.#interval = this.#limits.updateInterval;
  }

  /** Starts sending at intervals, which GitLab sets. */
  start(): void {
    this.#watching = this.#watch();
  }

  /** Stops sending, without a final state. */
  async discard(): Promise<void> {
    this.#stopped.abort();
    await this.#watching;
  }

  /** Sends the rest of the log and then the state, until GitLab accepts or rejects them. Returns false if all attempts failed. */
  async finish(final: FinalState): Promise<boolean> {
    await this.discard();
    for (let attempt = 1; attempt <= this.#limits.finalAttempts; attempt += 1) {
      if (await this.#tryFinish(final)) return true;
      const { initial, max } = this.#limits.finalBackoff;
      if (attempt < this.#limits.finalAttempts) await sleep(Math.min(max, initial * 2 ** (attempt - 1)));
    }
    return false;
  }

  async #watch(): Promise<void> {
    for (;;) {
      try {
        await sleep(this.#interval, undefined, { signal: this.#stopped.signal });
      } catch {
        return;
      }
      if (!(await this.#updateOnce())) return;
    }
  }

  /** Returns false once GitLab has ended the job. */
  async #updateOnce(): Promise<boolean> {
    const patched = await this.#sendPatch();
    if (patched === 'aborted') return this.#aborted();
    if (patched !== 'accepted') return true;
    if (Date.now() - this.#sentAt <= this.#limits.keepAliveInterval) return true;
    const keepAlive = await this.#client.update({ state: 'running', output: this.#output() });
    this.#applyRemoteState(keepAlive);
    if (keepAlive.kind === 'aborted') return this.#aborted();
    if (keepAlive.kind === 'accepted') this.#sentAt = Date.now();
    return true;
  }

  #aborted(): false {
    this.#callbacks.abort();
    return false;
  }

  async #sendPatch(): Promise<'accepted' | 'range-mismatch' | 'aborted' | 'not-found' | 'failed'> {
    const content = this.#buffer.slice(this.#sent, this.#limits.patchSize);
    if (content.length === 0) return 'accepted';
    const result = await this.#client.patchTrace(content, this.#sent, this.#debug);
    this.#applyRemoteState(result);
    if (result.kind === 'accepted' || result.kind === 'range-mismatch') {
      // Never beyond the end of the buffer: ignore a server that reports more than was written.
      this.#sent = Math.min(result.offset, this.#buffer.size);
      this.#sentAt = Date.now();
    }
    return result.kind;
  }

  #applyRemoteState(state: RemoteState): void {
    if (state.cancelRequested) this.#callbacks.cancel();
    if (state.updateInterval > 0) {
      this.#interval = Math.min(state.updateInterval, this.#limits.maxUpdateInterval);
    }
  }

  async #tryFinish(final: FinalState): Promise<boolean> {
    this.#interval = this.#limits.updateInterval;
    for (;;) {
      const sent = await this.#sendAll();
      if (sent !== 'sent') return sent === 'rejected';
      const update: JobUpdate = { ...final, output: this.#output() };
      const result = await this.#client.update(update);
      this.#applyRemoteState({ ...result, cancelRequested: false });
      if (result.kind === 'accepted' || result.kind === 'aborted') return true;
      await sleep(this.#interval);
      if (result.kind === 'failed') return false;
      if (result.kind === 'trace-invalid') this.#sent = 0;
    }
  }

  async #sendAll(): Promise<'sent' | 'rejected' | 'failed'> {
    while (this.#sent !== this.#buffer.size) {
      const result = await this.#sendPatch();
      if (result === 'aborted' || result === 'not-found') return 'rejected';
      if (result === 'accepted') continue;
      await sleep(this.#interval);
      if (result === 'failed') return 'failed';
    }
    return 'sent';
  }

  #output(): { checksum: string; bytesize: number } {
    return { checksum: this.#buffer.checksum, bytesize: this.#buffer.size };
  }
}
