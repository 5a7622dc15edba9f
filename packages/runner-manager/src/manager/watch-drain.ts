import type { Logger } from '@aws-lambda-powertools/logger';
import { type ECSClient, ListTagsForResourceCommand } from '@aws-sdk/client-ecs';
import { tagValue } from '@serverless-gitlab-runner/fleet';
import { messageOf } from '../errors.ts';
import { repeat } from '../repeat.ts';

/** The maximum of `manager.drainPollSeconds`, for which the reaper's grace periods allow. */
const MAX_POLL_SECONDS = 60;
/** All managers share the account's rates. Beyond this number they read their tags as often together as this number does. */
const MANAGERS_AT_FULL_PACE = 10;

/**
 * Seconds between a manager's reads of its own tags.
 * @param configured `manager.drainPollSeconds`
 * @param managers number of managers in the cluster
 */
export function drainPollSeconds(configured: number, managers: number): number {
  return Math.min(MAX_POLL_SECONDS, configured * Math.max(1, managers / MANAGERS_AT_FULL_PACE));
}

/** Time of the manager's drain tag; undefined if it has none or ECS does not answer. */
export async function drainedSince(
  ecs: ECSClient,
  taskArn: string,
  logger: Logger,
): Promise<string | undefined> {
  try {
    const { tags } = await ecs.send(new ListTagsForResourceCommand({ resourceArn: taskArn }));
    return tagValue(tags, 'drain');
  } catch (error) {
    logger.warn("could not read the manager's own tags", { error: messageOf(error) });
    return undefined;
  }
}

/** Polls the manager's own tags until the drain tag appears, then calls `onDrain` once. */
export function watchDrain(
  ecs: ECSClient,
  taskArn: string,
  everySeconds: () => number,
  logger: Logger,
  onDrain: (since: string) => void,
): () => void {
  const stop = repeat(
    () => everySeconds() * 1000,
    async () => {
      const drain = await drainedSince(ecs, taskArn, logger);
      if (drain === undefined) return;
      stop();
      onDrain(drain);
    },
  );
  return stop;
}
