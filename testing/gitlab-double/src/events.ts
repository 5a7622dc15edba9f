import { EventEmitter } from 'node:events';
import { WaitTimeoutError } from './errors.ts';
import type { Artifact } from './model/artifact.ts';
import type { Job, JobStatus, Pipeline, PipelineStatus } from './model/pipeline.ts';
import type { Runner, RunnerManager } from './model/runner.ts';
import type { WebhookDelivery } from './webhooks/webhook.ts';

/** A request that a well-behaved client would not send, or a response that it would not cause. */
export interface ProtocolError {
  at: Date;
  method: string;
  path: string;
  status: number;
  message: string;
}

/** All observable events. Records are live objects: read them when the event arrives. */
export type GitLabEvent =
  | { type: 'job-status'; at: Date; job: Job; from: JobStatus | null; to: JobStatus }
  | { type: 'pipeline-status'; at: Date; pipeline: Pipeline; from: PipelineStatus | null; to: PipelineStatus }
  | { type: 'job-trace'; at: Date; job: Job; bytes: number }
  | { type: 'artifact'; at: Date; job: Job; artifact: Artifact }
  | {
      type: 'runner-contact';
      at: Date;
      runner: Runner;
      manager: RunnerManager;
      request: 'verify' | 'jobs/request';
    }
  | { type: 'manager-removed'; at: Date; runner: Runner; manager: RunnerManager }
  | { type: 'webhook-delivery'; at: Date; delivery: WebhookDelivery }
  | { type: 'protocol-error'; at: Date; error: ProtocolError };

/** Distributes events to listeners, async iterators and waits. */
export class EventHub {
  readonly #emitter = new EventEmitter<{ event: [GitLabEvent] }>();

  constructor() {
    this.#emitter.setMaxListeners(0);
  }

  publish(event: GitLabEvent): void {
    this.#emitter.emit('event', event);
  }

  /** Calls `listener` for each event from now on. Returns a function that unsubscribes it. */
  subscribe(listener: (event: GitLabEvent) => void): () => void {
    this.#emitter.on('event', listener);
    return () => this.#emitter.off('event', listener);
  }

  /** Yields each event from now on, until `signal` aborts. */
  async *stream(signal: AbortSignal): AsyncGenerator<GitLabEvent> {
    const queue: GitLabEvent[] = [];
    let wake = () => {};
    const unsubscribe = this.subscribe((event) => {
      queue.push(event);
      wake();
    });
    signal.addEventListener('abort', () => wake(), { once: true });
    try {
      while (!signal.aborted) {
        const next = queue.shift();
        if (next) yield next;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      unsubscribe();
    }
  }

  /**
   * Resolves with the first value of `condition` that is neither undefined nor false. It is evaluated now and after each event.
   * Rejects after `timeoutMs` with a WaitTimeoutError that contains the text of `describe`. An event for which `isProgress` holds
   * restarts the timeout.
   */
  waitUntil<T>(
    condition: () => T | undefined | false,
    timeoutMs: number,
    describe: () => string,
    isProgress: (event: GitLabEvent) => boolean = () => false,
  ): Promise<T> {
    const now = condition();
    if (now !== undefined && now !== false) return Promise.resolve(now);
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        unsubscribe();
        reject(new WaitTimeoutError(`Waited ${timeoutMs} ms: ${describe()}`));
      }, timeoutMs);
      const unsubscribe = this.subscribe((event) => {
        if (isProgress(event)) timer.refresh();
        const value = condition();
        if (value === undefined || value === false) return;
        clearTimeout(timer);
        unsubscribe();
        resolve(value);
      });
    });
  }
}
