import { type ECSClient, ListTagsForResourceCommand } from '@aws-sdk/client-ecs';
import { tagValue } from '@serverless-gitlab-runner/fleet';
import { messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { repeat } from '../repeat.ts';

/** Looks at the manager's own tags until the drain tag is there, and then says so, once. */
export function watchDrain(
  ecs: ECSClient,
  taskArn: string,
  everySeconds: number,
  logger: Logger,
  onDrain: (since: string) => void,
): () => void {
  const stop = repeat(everySeconds * 1000, async () => {
    try {
      const { tags } = await ecs.send(new ListTagsForResourceCommand({ resourceArn: taskArn }));
      const drain = tagValue(tags, 'drain');
      if (drain === undefined) return;
      stop();
      onDrain(drain);
    } catch (error) {
      logger.warn('could not look at the own tags', { error: messageOf(error) });
    }
  });
  return stop;
}
