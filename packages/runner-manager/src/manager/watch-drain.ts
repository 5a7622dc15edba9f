import type { Logger } from '@aws-lambda-powertools/logger';
import { type ECSClient, ListTagsForResourceCommand } from '@aws-sdk/client-ecs';
import { tagValue } from '@serverless-gitlab-runner/fleet';
import { messageOf } from '../errors.ts';
import { repeat } from '../repeat.ts';

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
  everySeconds: number,
  logger: Logger,
  onDrain: (since: string) => void,
): () => void {
  const stop = repeat(everySeconds * 1000, async () => {
    const drain = await drainedSince(ecs, taskArn, logger);
    if (drain === undefined) return;
    stop();
    onDrain(drain);
  });
  return stop;
}
