import type { GitLabDouble, Job } from '@serverless-gitlab-runner/gitlab-double';
import type { ObservedTask } from '../../system/observe-tasks.ts';
import { isManager } from './decide-job.ts';

type Delivery = GitLabDouble['deliveries'][number];

export interface LossFacts {
  /** Those that did not end. */
  jobs: readonly Pick<Job, 'id' | 'name'>[];
  deliveries: readonly Delivery[];
  /** Those of the run. */
  tasks: readonly ObservedTask[];
  /** What the launcher logged during the run. */
  launcherLines: readonly string[];
}

/** Describes what may have lost jobs, line by line: whether their webhooks arrived, when managers lived, what the launcher did. */
export function describeLoss({ jobs, deliveries, tasks, launcherLines }: LossFacts): string[] {
  if (jobs.length === 0) return [];
  return [
    ...jobs.flatMap(({ id, name }) => {
      const queued = deliveries.filter((delivery) => reportsQueued(delivery, id));
      return queued.length === 0
        ? [`webhook of job ${name}: GitLab sent none`]
        : queued.map((delivery) => `webhook of job ${name}: ${describeDelivery(delivery)}`);
    }),
    ...tasks.filter(isManager).map((manager) => `manager ${describeManager(manager)}`),
    ...launcherLines.map((line) => `launcher: ${line}`),
  ];
}

/** Describes when a manager was created, drained and stopped. */
export function describeManager({ taskId, slot, createdAt, drainedAt, stoppedAt }: ObservedTask): string {
  const [created, stopped] = [createdAt, stoppedAt].map((time) => time?.toISOString() ?? 'never');
  return `${taskId.slice(0, 8)} in slot ${slot ?? '?'} created ${created}, drained ${drainedAt ?? 'never'}, stopped ${stopped}`;
}

/** Whether a webhook reports that a job was queued. */
export function reportsQueued(
  { event, requestBody }: Pick<Delivery, 'event' | 'requestBody'>,
  jobId: number,
) {
  return (
    event === 'Job Hook' &&
    new RegExp(`"build_id":\\s*${jobId}\\b`).test(requestBody) &&
    /"build_status":\s*"pending"/.test(requestBody)
  );
}

function describeDelivery({ at, outcome, status, error, ms }: Delivery): string {
  const result = outcome === 'answered' ? `answered with ${status}` : `${outcome} (${error})`;
  return `sent ${at.toISOString()}, ${result} after ${ms} ms`;
}
