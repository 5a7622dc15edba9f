import type { RunnerConfig } from '../config.ts';
import { messageOf } from '../errors.ts';
import { jobSchema, type ReceivedJob } from '../job/payload.ts';
import type { Logger } from '../log.ts';
import { describe, type Reply, type Request, send } from './http.ts';
import { runnerInfo } from './runner-info.ts';

export type JobRequestResult = {
  readonly job?: ReceivedJob;
  /** False when GitLab refused the runner (403): three in a row turn it off. */
  readonly healthy: boolean;
};

/** A manager's requests for itself: jobs, verification, farewell. */
export class GitLabClient {
  readonly #runner: RunnerConfig;
  readonly #systemId: string;
  readonly #log: Logger;
  /** GitLab's mark of the queue's state; sent back, it lets the server hold the next request until something changes. */
  #lastUpdate = '';

  constructor(runner: RunnerConfig, systemId: string, log: Logger) {
    this.#runner = runner;
    this.#systemId = systemId;
    this.#log = log;
  }

  /** Asks for a job. `signal` gives up the waiting; a job whose answer has begun to arrive is taken all the same. */
  async requestJob(signal?: AbortSignal): Promise<JobRequestResult> {
    const waiting = new AbortController();
    const giveUp = () => waiting.abort();
    if (signal?.aborted) giveUp();
    signal?.addEventListener('abort', giveUp, { once: true });
    const reply = await this.#post(
      'POST',
      'jobs/request',
      {
        info: runnerInfo(this.#runner),
        token: this.#runner.token,
        system_id: this.#systemId,
        ...(this.#lastUpdate === '' ? {} : { last_update: this.#lastUpdate }),
      },
      waiting.signal,
    );
    signal?.removeEventListener('abort', giveUp);
    if ('response' in reply) this.#lastUpdate = reply.headers.get('X-GitLab-Last-Update') ?? this.#lastUpdate;
    const log = (level: 'debug' | 'warning' | 'error', outcome: string, status: string) =>
      this.#log.log(level, `Checking for jobs... ${outcome}`, { status });

    if (!('response' in reply)) {
      if (signal?.aborted !== true) log('warning', 'failed', await describe(reply));
      return { healthy: true };
    }
    switch (reply.status) {
      case 201:
        return this.#receive(reply.response);
      case 204:
        log('debug', 'no content', await describe(reply));
        return { healthy: true };
      case 403:
        log('error', 'forbidden', await describe(reply));
        return { healthy: false };
      case 503:
        log('warning', 'GitLab instance currently unavailable', await describe(reply));
        return { healthy: true };
      default:
        log('warning', 'failed', await describe(reply));
        return { healthy: true };
    }
  }

  async #receive(response: Response): Promise<JobRequestResult> {
    try {
      const raw = await response.text();
      const job = jobSchema.parse(JSON.parse(raw));
      this.#log.info('Checking for jobs... received', {
        job: job.id,
        repo_url: withoutUser(job.git_info.repo_url),
      });
      return { healthy: true, job: { job, raw } };
    } catch (error) {
      this.#log.warning('Checking for jobs... failed', {
        status: `decoding json payload ${messageOf(error)}`,
      });
      return { healthy: true };
    }
  }

  /** Whether GitLab knows the token. Unreachable counts as yes, as in the real runner: only a refusal is a no. */
  async verify(): Promise<boolean> {
    const reply = await this.#post('POST', 'runners/verify', {
      info: runnerInfo(this.#runner),
      token: this.#runner.token,
      system_id: this.#systemId,
    });
    const created = this.#runner.token.startsWith('glrt-');
    const status = await describe(reply);
    if (reply.status === 200) {
      this.#log.info(`Verifying runner... ${created ? 'is valid' : 'is alive'}`);
      return true;
    }
    if (reply.status === 403) {
      this.#log.error(`Verifying runner... ${created ? 'is not valid' : 'is removed'}`, { status });
      return false;
    }
    this.#log.error('Verifying runner... failed', { status });
    return true;
  }

  /** Removes this manager's record at GitLab (or, with a registration token's runner, the runner). False when GitLab did not do it. */
  async unregister(): Promise<boolean> {
    const manager = this.#runner.token.startsWith('glrt-');
    const reply = await this.#post(
      'DELETE',
      manager ? 'runners/managers' : 'runners',
      manager ? { token: this.#runner.token, system_id: this.#systemId } : { token: this.#runner.token },
    );
    const what = manager ? 'Unregistering runner manager from GitLab' : 'Unregistering runner from GitLab';
    const status = await describe(reply);
    if (reply.status === 204) {
      this.#log.info(`${what} succeeded`);
      return true;
    }
    this.#log.error(`${what} ${reply.status === 403 ? 'forbidden' : 'failed'}`, { status });
    return false;
  }

  #post(method: Request['method'], path: string, body: unknown, signal?: AbortSignal): Promise<Reply> {
    return send(this.#runner.url, {
      method,
      path,
      headers: {
        'Content-Type': 'application/json',
        Accept: 'application/json',
        'RUNNER-TOKEN': this.#runner.token,
      },
      body: JSON.stringify(body),
      ...(signal === undefined ? {} : { signal }),
    });
  }
}

/** A URL that may be logged. */
function withoutUser(text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  url.username = '';
  url.password = '';
  return url.toString();
}
