import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';

/** GitLab's runner API, as far as the manager itself uses it. @see https://docs.gitlab.com/api/runners/ */
export interface RunnerApi {
  /** Whether GitLab knows the token. `unreachable`: nobody can say now. */
  verify(): Promise<'accepted' | 'refused' | 'unreachable'>;
  /** As `verify`, but waits while GitLab is unreachable, for at most the given seconds. */
  verifyPatiently(seconds: number, signal: AbortSignal): Promise<'accepted' | 'refused' | 'unreachable'>;
  /** Removes this manager, or another one of the same token, from the runner's list of managers. A failure is logged and left. */
  unregister(systemId?: string): Promise<void>;
}

const TIMEOUT_MS = 15_000;
const LONGEST_PAUSE_MS = 15_000;

/** Who calls: GitLab makes a record for every system id that it hears of, and a nameless one for who sends none. */
export interface RunnerIdentity {
  token: string;
  systemId: string;
}

export function createRunnerApi(
  gitlabUrl: string,
  { token, systemId }: RunnerIdentity,
  logger: Logger,
): RunnerApi {
  const identity = { token, system_id: systemId };
  const call = (method: string, path: string, body: Record<string, string>) =>
    fetch(`${gitlabUrl.replace(/\/$/, '')}/api/v4${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });

  const verify = async () => {
    try {
      const { ok, status, headers } = await call('POST', '/runners/verify', identity);
      if (ok) return 'accepted';
      // GitLab's API never answers with a page: a firewall's or a proxy's refusal says nothing about the token.
      const isPage = headers.get('content-type')?.startsWith('text/html') ?? false;
      if ((status === 401 || status === 403) && !isPage) return 'refused';
      logger.warn('GitLab did not verify the runner token', { gitlabUrl, status, isPage });
    } catch (error) {
      logger.warn('GitLab is unreachable', { gitlabUrl, error: causeOf(error) });
    }
    return 'unreachable';
  };

  return {
    verify,
    async verifyPatiently(seconds, signal) {
      const deadline = Date.now() + seconds * 1000;
      for (let pause = 500; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
        const answer = await verify();
        if (answer !== 'unreachable' || Date.now() + pause > deadline || signal.aborted) return answer;
        await sleep(pause, undefined, { signal }).catch(() => {});
      }
    },
    async unregister(leaving = systemId) {
      try {
        const { status } = await call('DELETE', '/runners/managers', { token, system_id: leaving });
        // 404: GitLab older than 16, or a manager that never asked for a job, or was removed before.
        logger.info('unregistered from GitLab', { systemId: leaving, status });
      } catch (error) {
        logger.warn('could not unregister from GitLab', { systemId: leaving, error: causeOf(error) });
      }
    },
  };
}

/** fetch says only "fetch failed"; why is in its cause. */
function causeOf(error: unknown): string {
  return error instanceof Error && error.cause ? messageOf(error.cause) : messageOf(error);
}
