import type { Logger } from '@aws-lambda-powertools/logger';
import type { ECSClient } from '@aws-sdk/client-ecs';
import {
  type FleetConfig,
  INVALID_FLEET_EXIT_CODE,
  RUNNER_TOKEN_REFUSED_EXIT_CODE,
} from '@serverless-gitlab-runner/fleet';
import type { ManagerStopped } from '@serverless-gitlab-runner/shared-events';
import { repeat } from '../repeat.ts';
import type { CloseTimeouts } from './close-runner.ts';
import type { RunnerApi } from './gitlab-api.ts';
import type { ManagerIdentity } from './start-context.ts';
import { drainPollSeconds, watchDrain } from './watch-drain.ts';

/**
 * Exit codes of a manager, as in sysexits.h. Only a refused token ends with `tokenRefused`, after which launcher and reaper start
 * no other manager.
 */
export const EXIT = {
  ok: 0,
  failed: 1,
  invalidFleet: INVALID_FLEET_EXIT_CODE,
  unreachable: 69,
  runnerExited: 70,
  tokenRefused: RUNNER_TOKEN_REFUSED_EXIT_CODE,
} as const;

/** How a manager ended. */
export interface ManagerEnd {
  reason: ManagerStopped['reason'];
  exitCode: number;
}

export interface SupervisedRunner {
  /** Lets it take no new job, finish those it has, and exit. The timeouts limit the wait for GitLab before that. */
  finish(timeouts: CloseTimeouts): void;
  /** Lets it fail its jobs and exit. */
  terminate(): void;
  /** Settles when it has exited; `how` describes it. */
  exited: Promise<{ code: number | null; how: string }>;
}

export interface SuperviseSettings {
  runner: SupervisedRunner;
  api: RunnerApi;
  identity: ManagerIdentity;
  ecs: ECSClient;
  /** Returns the number of managers in the cluster. */
  managers(): number;
  logger: Logger;
  /** Aborts when ECS stops this task. */
  stop: AbortSignal;
}

/**
 * A revoked token silently disables the runner's worker for an hour (its `unhealthy_requests_limit`), so the manager itself
 * checks whether the token is still valid.
 */
const MS_BETWEEN_TOKEN_CHECKS = 120_000;
/** ECS kills a stopped task after its stopTimeout of at most 120 s. Jobs that are not done before that are failed. */
const MS_TO_FINISH_WHEN_STOPPED = 90_000;

/** Timeout for open requests: GitLab answers a long-polled request for a job within 50 s. */
const QUIT_MS = 65_000;
/** Maximum milliseconds from a manager's drain until GitLab's first answer. The reaper stops it after four times that. */
export function askingMs({ manager }: FleetConfig): number {
  return (manager.drainGraceSeconds * 1000) / 4;
}

/** Short, because the running jobs need the time that ECS gives. */
const STOP_TIMEOUTS: CloseTimeouts = { askMs: 0, quitMs: 10_000 };

/** Lets the runner finish when the manager is drained or stopped, or its token revoked. Settles when the runner has exited. */
export async function superviseRunner(settings: SuperviseSettings): Promise<ManagerEnd> {
  const { runner, api, identity, ecs, managers, logger, stop } = settings;
  const { fleet, taskArn } = identity;
  let reason: ManagerStopped['reason'] = 'runner-exited';
  let lastResort: NodeJS.Timeout | undefined;

  const askMs = askingMs(fleet);
  const leave = (
    why: ManagerStopped['reason'],
    timeouts: CloseTimeouts,
    fields: Record<string, unknown> = {},
  ) => {
    if (reason === 'runner-exited') reason = why;
    logger.info('gitlab-runner takes no more jobs', { reason: why, ...fields });
    runner.finish(timeouts);
  };
  const onStop = () => {
    leave('terminated', STOP_TIMEOUTS);
    lastResort = setTimeout(() => runner.terminate(), MS_TO_FINISH_WHEN_STOPPED);
  };

  const pollSeconds = () => drainPollSeconds(fleet.manager.drainPollSeconds, managers());
  const stopWatching = watchDrain(ecs, taskArn, pollSeconds, logger, (since) =>
    leave('drained', { askMs, quitMs: QUIT_MS }, { since }),
  );
  const stopChecking = repeat(MS_BETWEEN_TOKEN_CHECKS, async () => {
    if ((await api.verify()) !== 'refused') return;
    stopChecking();
    logger.error('GitLab no longer accepts the runner token');
    leave('runner-token-refused', { askMs: 0, quitMs: QUIT_MS });
  });
  stop.addEventListener('abort', onStop, { once: true });
  if (stop.aborted) onStop();

  const { code, how } = await runner.exited;
  stop.removeEventListener('abort', onStop);
  clearTimeout(lastResort);
  stopWatching();
  stopChecking();
  logger.info('gitlab-runner exited', { how });
  return { reason, exitCode: exitCodeOf(reason, code) };
}

/** `gitlab-runner`'s own exit codes are passed on, unless they equal one of the manager's. */
export function exitCodeOf(reason: ManagerStopped['reason'], code: number | null): number {
  if (reason === 'runner-token-refused') return EXIT.tokenRefused;
  if (reason === 'runner-exited') return code === null || isManagerCode(code) ? EXIT.runnerExited : code;
  return EXIT.ok;
}

function isManagerCode(code: number): boolean {
  return Object.values<number>(EXIT).includes(code);
}
