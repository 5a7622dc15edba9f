import type { GitLab } from './actors/gitlab.ts';
import type { Managers } from './actors/managers.ts';
import { type Clock, START } from './clock.ts';
import type { SimulatedEcs } from './ecs/simulated-ecs.ts';
import { statusOf, tagsOf } from './ecs/simulated-task.ts';

type Write = (what: string, fields?: object) => void;

/** Writes lines that start with the second of the schedule. */
export function traceWriter(clock: Clock, trace: ((line: string) => void) | undefined): Write {
  if (trace === undefined) return () => {};
  return (what, fields) => {
    const second = ((clock.now() - START) / 1000).toFixed(3).padStart(9);
    trace(`${second} ${what}${fields ? ` ${JSON.stringify(fields)}` : ''}`);
  };
}

/** Traces events of GitLab, ECS and managers. */
export function traceEvents(ecs: SimulatedEcs, managers: Managers, gitlab: GitLab, write: Write): void {
  const short = (id: string) => Number.parseInt(id, 16);
  gitlab.listeners.push(({ id, seconds }) => write(`job ${id} queued`, { seconds }));
  managers.listeners.push(({ task }) => write(`manager ${short(task.id)} ended`, statusOf(task)));
  ecs.listeners.push({
    onCreated: ({ role, id, jobId }) => write(`${role} ${short(id)} created`, { jobId }),
    onTagged: (task) =>
      write(
        `${task.role} ${short(task.id)} tagged`,
        tagsOf(task).map(({ key, value }) => `${key.slice(key.indexOf(':') + 1)} ${value}`),
      ),
    onStopRequested: ({ role, id }) => write(`${role} ${short(id)} stop requested`),
    onStopped: ({ role, id }) => write(`${role} ${short(id)} stopped`),
  });
}
