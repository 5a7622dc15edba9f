import type { JobEnd } from '@serverless-gitlab-runner/fleet';
import type { JobSession } from '../job-session.ts';
import { isLost } from '../start/job-task-events.ts';

type EndFacts = Pick<JobSession, 'isRefused' | 'loss' | 'scriptEnd' | 'task'> & {
  abort: { signal: Pick<AbortSignal, 'aborted'> };
};

/** How a job ended, from what is known before its session is released. A value of a small set: it becomes a metric's dimension. */
export function decideJobEnd(facts: EndFacts): JobEnd {
  const { isRefused, scriptEnd, task, abort } = facts;
  if (isRefused) return 'refused';
  if (task === undefined || !task.isReady) return abort.signal.aborted ? 'interrupted' : 'start-failed';
  // A task may be lost after the script has ended, in a stage such as the upload of artifacts.
  if (isLost(facts, task)) return 'lost';
  return scriptEnd ?? 'interrupted';
}
