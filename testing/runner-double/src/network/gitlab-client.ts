import type { RunnerConfig } from '../config.ts';
import { messageOf } from '../errors.ts';
import { jobSchema, type ReceivedJob } from '../job/payload.ts';
import type { Logger } from '../log.ts';
import { describe, type Reply, type Request, send } from './http.ts';
import { runnerInfo } from './runner-info.ts';

/** What the metrics call no answer at all. */
const NO_ANSWER = -100;

export type JobRequestResult = {
  /** HTTP status, or -100. */
  readonly status: number;
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

  /** Asks for a job. `signal` gives the request up, even while its answer arrives: GitLab counts that job as running, and nobody runs it. */
  async requestJob(signal?: AbortSignal): Promise<JobRequestResult> {
    const reply = await this.#post(
      'POST',
      'jobs/request',
      {
        info: runnerInfo(this.#runner),
        token: this.#runner.token,
        system_id: this.#systemId,
        ...(this.#lastUpdate === '' ? {} : { last_update: this.#lastUpdate }),
      },
      signal,
    );
    const { status } = reply;
    const log = async (level: 'debug' | 'warning' | 'error', outcome: string) =>
      this.#log.log(level, `Checking for jobs... ${outcome}`, { status: await describe(reply) });
    if (!('response' in reply)) {
      if (signal?.aborted !== true) await log('warning', 'failed');
      return { status: NO_ANSWER, healthy: true };
    }
    this.#lastUpdate = reply.headers.get('X-GitLab-Last-Update') ?? this.#lastUpdate;
    if (status === 201) {
      const job = await this.#receive(reply.response);
      return job ? { status, healthy: true, job } : { status: NO_ANSWER, healthy: true };
    }
    if (status === 204) await log('debug', 'no content');
    else if (status === 403) await log('error', 'forbidden');
    else await log('warning', status === 503 ? 'GitLab instance currently unavailable' : 'failed');
    return { status, healthy: status !== 403 };
  }

  async #receive(response: Response): Promise<ReceivedJob | undefined> {
    try {
      const raw = await response.text();
      const job = jobSchema.parse(JSON.parse(raw));
      this.#log.info('Checking for jobs... received', {
        job: job.id,
        repo_url: withoutUser(job.git_info.repo_url),
      });
      return { job, raw };
    } catch (error) {
      this.#log.warning('Checking for jobs... failed', {
        status: `decoding json payload ${messageOf(error)}`,
      });
      return undefined;
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
