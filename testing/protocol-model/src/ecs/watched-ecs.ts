import type { Actor } from '../actor.ts';
import type { Invariants } from '../invariants.ts';
import type { SimulatedEcs } from './simulated-ecs.ts';

/** ECS for the launcher or the reaper, with invariants checked before each change of a task. */
export function watchedEcs(
  ecs: SimulatedEcs,
  by: Actor['kind'],
  { onStop, onTag }: Pick<Invariants, 'onStop' | 'onTag'>,
) {
  const find = (key: string | undefined) => ecs.tasks.find(({ arn, id }) => arn === key || id === key);
  return {
    ...ecs,
    stopTask(input: { task: string | undefined }) {
      const task = find(input.task);
      if (task) onStop(by, task);
      return ecs.stopTask(input);
    },
    tagResource(input: Parameters<SimulatedEcs['tagResource']>[0]) {
      const task = find(input.resourceArn);
      if (task) onTag(by, task, input.tags ?? []);
      return ecs.tagResource(input);
    },
  };
}
