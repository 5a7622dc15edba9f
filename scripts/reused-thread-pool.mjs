import { ThreadsPoolWorker } from 'vitest/node';

/** Each run adds a listener to its thread, so a thread is replaced after this many runs. */
const MAX_RUNS = 100;

/**
 * A Vitest pool that reuses threads across runs. Vitest starts a thread for every file of every run, and mutation testing
 * makes thousands of runs of milliseconds each: loading the AWS SDK and zod again would dominate. Modules of the project are
 * evaluated again for each file (`isolate`), so that a mutant in a constant takes effect; only node_modules stay loaded.
 * @see https://vitest.dev/guide/advanced/pool
 */
export function reusedThreadPool() {
  /** @type {Thread[]} */
  const idle = [];
  return {
    name: 'reused-threads',
    /** @param {Options} options */
    createPoolWorker: (options) => new ReusedThread(options, idle),
    close: async () => {
      await Promise.all(idle.splice(0).map(({ worker }) => worker.stop()));
    },
  };
}

/**
 * @typedef {import('vitest/node').PoolOptions} Options
 * @typedef {import('vitest/node').PoolWorker} PoolWorker
 * @typedef {{ worker: ThreadsPoolWorker, runs: number }} Thread
 * @typedef {Parameters<PoolWorker['on']>} Subscription event and listener
 */

/** @implements {PoolWorker} */
class ReusedThread {
  name = 'reused-threads';
  /** @type {Subscription[]} */
  listeners = [];
  /** @type {Thread | undefined} */
  #thread;

  /**
   * @param {Options} options
   * @param {Thread[]} idle
   */
  constructor(options, idle) {
    this.options = options;
    this.idle = idle;
  }

  get thread() {
    if (this.#thread === undefined) throw new Error('The thread has not been started');
    return this.#thread;
  }

  async start() {
    this.#thread = this.idle.pop();
    if (this.#thread) return;
    this.#thread = { worker: new ThreadsPoolWorker(this.options), runs: 0 };
    await this.#thread.worker.start();
  }

  /** @type {PoolWorker['on']} */
  on(event, listener) {
    this.listeners.push([event, listener]);
    this.thread.worker.on(event, listener);
  }

  /** @type {PoolWorker['off']} */
  off(event, listener) {
    this.thread.worker.off(event, listener);
  }

  /** @type {PoolWorker['send']} */
  send(message) {
    // A thread that received `stop` would process no further messages, so `stop` is answered here instead.
    if (message.type !== 'stop') return this.thread.worker.send(message);
    const stopped = { type: 'stopped', __vitest_worker_response__: true };
    for (const [event, listener] of this.listeners) if (event === 'message') listener(stopped);
  }

  async stop() {
    for (const [event, listener] of this.listeners) this.off(event, listener);
    this.thread.runs += 1;
    if (this.thread.runs < MAX_RUNS) this.idle.push(this.thread);
    else await this.thread.worker.stop();
  }

  /** @type {PoolWorker['deserialize']} */
  deserialize(message) {
    return message;
  }
}
