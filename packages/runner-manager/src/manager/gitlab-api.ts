import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@aws-lambda-powertools/logger';
import { messageOf } from '../errors.ts';
import { sendRequest } from './send-request.ts';

/** The parts of GitLab's runner API that the manager itself uses. @see https://docs.gitlab.com/api/runners/ */
export interface RunnerApi {
  /** Checks whether GitLab knows the token. */
  verify(): Promise<'accepted' | 'refused' | 'unreachable'>;
  /** As `verify`, but retries for at most the given seconds while GitLab is unreachable. */
  verifyWithRetries(seconds: number, signal: AbortSignal): Promise<'accepted' | 'refused' | 'unreachable'>;
  /** Removes this manager, or another one of the same token, from the runner's list of managers. A failure is only logged. */
  unregister(systemId?: string): Promise<void>;
}

const TIMEOUT_MS = 15_000;
const LONGEST_PAUSE_MS = 15_000;

/** Identifies the manager to GitLab, which creates a record for each system id, and one without a name if none is sent. */
export interface RunnerIdentity {
  token: string;
  systemId: string;
}

/** @param authorities certificates (PEM) that GitLab's may be signed by, besides public ones. Default: none */
export function createRunnerApi(
  gitlabUrl: string,
  { token, systemId }: RunnerIdentity,
  logger: Logger,
  authorities?: string,
): RunnerApi {
  const identity = { token, system_id: systemId };
  const call = (method: string, path: string, body: Record<string, string>) =>
    sendRequest(`${gitlabUrl.replace(/\/$/, '')}/api/v4${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      timeoutMs: TIMEOUT_MS,
      authorities,
    });

  const verify = async () => {
    try {
      const { status, contentType } = await call('POST', '/runners/verify', identity);
      if (status >= 200 && status < 300) return 'accepted';
      // GitLab's API never answers with an HTML page. Firewalls and proxies do, and know nothing about the token.
      const isPage = contentType.startsWith('text/html');
      if ((status === 401 || status === 403) && !isPage) return 'refused';
      logger.warn('GitLab did not verify the runner token', { gitlabUrl, status, isPage });
    } catch (error) {
      logger.warn('GitLab is unreachable', { gitlabUrl, error: causeOf(error) });
    }
    return 'unreachable';
  };

  return {
    verify,
    async verifyWithRetries(seconds, signal) {
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
        // 404: GitLab before 16, or a manager that never requested a job, or that was removed already.
        logger.info('unregistered from GitLab', { systemId: leaving, status });
      } catch (error) {
        logger.warn('could not unregister from GitLab', { systemId: leaving, error: causeOf(error) });
      }
    },
  };
}

/** The message of a timeout, or of `fetch`, does not tell the reason; its cause does. */
function causeOf(error: unknown): string {
  return error instanceof Error && error.cause ? messageOf(error.cause) : messageOf(error);
}
