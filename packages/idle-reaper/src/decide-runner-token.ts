import type { ManagerFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { fleetOfWebhookRunnerToken } from '@serverless-gitlab-runner/fleet';

/** A parameter of Parameter Store. */
export interface ParameterFacts {
  name: string;
  /** Milliseconds since 1970; undefined if SSM returned none. */
  writtenAt: number | undefined;
}

export interface RunnerTokenCase {
  /** Any parameter. */
  parameter: ParameterFacts;
  /** First part of every parameter's name. */
  prefix: string;
  /** Managers that are alive or ended within the last hour. */
  managers: readonly ManagerFacts[];
  /** Milliseconds since 1970. */
  now: number;
}

/**
 * Milliseconds after its last write at which a token counts as unused. webhook-receiver writes a token that webhooks still send
 * every 7 days, and a message that names a token may wait in the launcher's queue for 14 days.
 */
const UNUSED_MS = 30 * 24 * 3_600_000;

/** Whether a parameter holds a runner token from a webhook that is not in use any more. */
export function isUnusedToken({ parameter, prefix, managers, now }: RunnerTokenCase): boolean {
  const { name, writtenAt } = parameter;
  if (fleetOfWebhookRunnerToken(prefix, name) === undefined || writtenAt === undefined) return false;
  if (now - writtenAt <= UNUSED_MS) return false;
  return !managers.some(({ runnerTokenParameter }) => runnerTokenParameter === name);
}
