import type { ManagerFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { fleetOfWebhookRunnerToken } from '@serverless-gitlab-runner/fleet';

/** A parameter of Parameter Store. */
export interface ParameterFacts {
  name: string;
  /** Milliseconds since 1970; undefined: SSM did not tell. */
  writtenAt: number | undefined;
}

export interface RunnerTokenCase {
  /** Any parameter. */
  parameter: ParameterFacts;
  /** First part of every parameter's name. */
  prefix: string;
  /** Managers that live, or ended within the hour. */
  managers: readonly ManagerFacts[];
  /** Milliseconds since 1970. */
  now: number;
}

/**
 * Milliseconds after which a token that was not written again is not used any more. webhook-receiver writes what is still
 * brought every 7 days, and a message that names a token may wait in the launcher's queue for 14.
 */
const UNUSED_MS = 30 * 24 * 3_600_000;

/** Whether a parameter holds a runner token that a webhook brought and that nobody uses any more. */
export function isUnusedToken({ parameter, prefix, managers, now }: RunnerTokenCase): boolean {
  const { name, writtenAt } = parameter;
  if (fleetOfWebhookRunnerToken(prefix, name) === undefined || writtenAt === undefined) return false;
  if (now - writtenAt <= UNUSED_MS) return false;
  return !managers.some(({ runnerTokenParameter }) => runnerTokenParameter === name);
}
