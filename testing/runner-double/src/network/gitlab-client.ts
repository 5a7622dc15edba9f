import type { RunnerConfig } from '../config.ts';
import { messageOf } from '../errors.ts';
import { jobSchema, type ReceivedJob } from '../job/payload.ts';
import type { Logger } from '../log.ts';
import { describe, type Reply, type Request, send } from './http.ts';
import { runnerInfo } from './runner-info.ts';
import { trustAuthorities } from './trust-authorities.ts';

/** The status for "no response" in the metrics. */
const NO_RESPONSE = -100;

export type JobRequestResult = {
  /** HTTP status, or -100. */
  readonly status: number;
  readonly job?: ReceivedJob;
  /** False if GitLab rejected the runner (403). `unhealthy_requests_limit` (3) consecutive rejections disable it. */
  readonly healthy: boolean;
};

/** A manager's own requests: job requests, verification, unregistration. */
export class GitLabClient {
  readonly #runner: RunnerConfig;
  readonly #systemId: string;
  readonly #log: Logger;
  /** GitLab's value for the state of the queue. Sent with the next request, it lets GitLab hold that until the queue changes. */
  #lastUpdate = '';

  constructor(runner: RunnerConfig, systemId: string, log: Logger) {
    trustAuthorities(runner['tls-ca-file']);
    this.#runner = runner;
    this.#systemId = systemId;
    this.#log = log;
  }

  /** Requests a job. If `signal` aborts while the response arrives, GitLab counts the job as running, but no runner runs it. */
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
      return { status: NO_RESPONSE, healthy: true };
    }
    this.#lastUpdate = reply.headers.get('X-GitLab-Last-Update') ?? this.#lastUpdate;
    if (status === 201) {
      const job = await this.#receive(reply.response);
      return job ? { status, healthy: true, job } : { status: NO_RESPONSE, healthy: true };
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
        repo_url: withoutCredentials(job.git_info.repo_url),
      });
      return { job, raw };
    } catch (error) {
      this.#log.warning('Checking for jobs... failed', {
        status: `decoding json payload ${messageOf(error)}`,
      });
      return undefined;
    }
  }

  /** Whether GitLab knows the token. As in the real runner, only a rejection returns false; an unreachable GitLab does not. */
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

  /** Removes this manager's record from GitLab (the runner itself if its token is not a `glrt-` token). False if that failed. */
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

/** A URL without credentials, for logs. */
function withoutCredentials(text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  url.username = '';
  url.password = '';
  return url.toString();
}
