import type { ECSClient } from '@aws-sdk/client-ecs';
import {
  type FleetConfig,
  INVALID_FLEET_EXIT_CODE,
  RUNNER_TOKEN_REFUSED_EXIT_CODE,
} from '@serverless-gitlab-runner/fleet';
import type { ManagerStopped } from '@serverless-gitlab-runner/shared-events';
import type { Logger } from '../logger.ts';
import { repeat } from '../repeat.ts';
import type { Patience } from './close-runner.ts';
import type { RunnerApi } from './gitlab-api.ts';
import type { ManagerIdentity } from './start-context.ts';
import { watchDrain } from './watch-drain.ts';

/** Exit codes of a manager, as in sysexits.h. `tokenRefused` keeps launcher and reaper from starting another: nothing else ends with it. */
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
  /** Takes no new job, finishes those it has, exits; what is asked of GitLab may take so long before that. */
  finish(patience: Patience): void;
  /** Fails the jobs it has, exits. */
  terminate(): void;
  /** Settles when it has exited, in words. */
  exited: Promise<{ code: number | null; how: string }>;
}

export interface SuperviseSettings {
  runner: SupervisedRunner;
  api: RunnerApi;
  identity: ManagerIdentity;
  ecs: ECSClient;
  logger: Logger;
  /** Aborts when ECS stops this task. */
  stop: AbortSignal;
}

/**
 * A revoked token turns the runner's worker off for an hour (its `unhealthy_requests_limit`), silently: so the manager
 * asks itself whether the token still holds.
 */
const MS_BETWEEN_TOKEN_CHECKS = 120_000;
/** ECS kills a stopped task after its stopTimeout, at most 120 s: jobs that are not done by then are failed in order. */
const MS_TO_FINISH_WHEN_STOPPED = 90_000;

/** GitLab answers a long-polled request for a job after 50 s at the latest. */
const QUIT_MS = 65_000;
/** Milliseconds from its drain for which a manager may wait for GitLab's first answer: the reaper stops it after four times that. */
export function askingMs({ manager }: FleetConfig): number {
  return (manager.drainGraceSeconds * 1000) / 4;
}

/** The jobs that there are need the time that ECS gives. */
const STOP_PATIENCE: Patience = { askMs: 0, quitMs: 10_000 };

/** Lets the runner finish when the manager is drained, stopped, or its token revoked; settles when the runner has exited. */
export async function superviseRunner(settings: SuperviseSettings): Promise<ManagerEnd> {
  const { runner, api, identity, ecs, logger, stop } = settings;
  const { fleet, taskArn } = identity;
  let reason: ManagerStopped['reason'] = 'runner-exited';
  let lastResort: NodeJS.Timeout | undefined;

  const askMs = askingMs(fleet);
  const leave = (why: ManagerStopped['reason'], patience: Patience, fields: Record<string, unknown> = {}) => {
    if (reason === 'runner-exited') reason = why;
    logger.info('gitlab-runner takes no more jobs', { reason: why, ...fields });
    runner.finish(patience);
  };
  const onStop = () => {
    leave('terminated', STOP_PATIENCE);
    lastResort = setTimeout(() => runner.terminate(), MS_TO_FINISH_WHEN_STOPPED);
  };

  const stopWatching = watchDrain(ecs, taskArn, fleet.manager.drainPollSeconds, logger, (since) =>
    leave('drained', { askMs, quitMs: QUIT_MS }, { since }),
  );
  const stopChecking = repeat(MS_BETWEEN_TOKEN_CHECKS, async () => {
    if ((await api.verify()) !== 'refused') return;
    stopChecking();
    logger.error('GitLab no longer knows the runner token');
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

/** `gitlab-runner` has exit codes of its own, which must not read as one of ours. */
export function exitCodeOf(reason: ManagerStopped['reason'], code: number | null): number {
  if (reason === 'runner-token-refused') return EXIT.tokenRefused;
  if (reason === 'runner-exited') return code === null || isOurs(code) ? EXIT.runnerExited : code;
  return EXIT.ok;
}

function isOurs(code: number): boolean {
  return Object.values<number>(EXIT).includes(code);
}
