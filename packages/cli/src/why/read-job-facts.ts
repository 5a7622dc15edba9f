import type { Clients } from '../clients.ts';
import { readFleets } from '../fleets.ts';
import type { Installation } from '../installation.ts';
import { readLaunchFailures } from '../read-launch-failures.ts';
import { readLogLines } from '../read-log-lines.ts';
import { type ClusterTasks, readTasks, takingManagers } from '../tasks.ts';
import type { JobFacts, JobTask } from './job-facts.ts';
import { decisionsOf, webhooksOf } from './read-decisions.ts';

export interface JobQuestion {
  jobId: number;
  /** Hours for which logs are searched. */
  hours: number;
  /** Milliseconds since 1970. */
  now: number;
}

/** Reads all that AWS knows of a job. */
export async function readJobFacts(
  { jobId, hours, now }: JobQuestion,
  { ecs, logs, ssm }: Clients,
  { cluster, parameterPrefix, logGroups }: Installation,
): Promise<JobFacts> {
  const since = now - hours * 3_600_000;
  const search = (logGroupName: string, text: string) =>
    readLogLines(logs, { logGroupName, filterPattern: `"${text}"`, since });
  const [received, refused, launched, failures, tasks, fleets] = await Promise.all([
    search(logGroups.receiver, String(jobId)),
    search(logGroups.receiver, 'not authentic'),
    search(logGroups.launcher, String(jobId)),
    readLaunchFailures(logs, logGroups.launcher, since),
    readTasks(ecs, cluster),
    readFleets(ssm, parameterPrefix),
  ]);
  return {
    jobId,
    now,
    hours,
    webhooks: webhooksOf(jobId, received),
    refusedWebhooks: refused.filter(({ fields }) => fields.decision === 'not authentic').length,
    decisions: decisionsOf(jobId, launched, failures),
    task: taskOf(jobId, tasks),
    managers: takingManagers(tasks),
    fleets: new Map(
      fleets.flatMap((fleet) => ('config' in fleet ? [[fleet.name, fleet.config.manager] as const] : [])),
    ),
  };
}

/** The job's newest task: a task that failed to start may have been replaced. */
function taskOf(jobId: number, { jobTasks }: ClusterTasks): JobTask | undefined {
  const own = jobTasks.filter(({ facts }) => facts.jobId === jobId);
  const newest = own
    .toSorted((one, other) => (one.facts.createdAt ?? 0) - (other.facts.createdAt ?? 0))
    .at(-1);
  if (newest === undefined) return undefined;
  const { facts, task } = newest;
  return {
    fleet: facts.fleet,
    taskId: facts.taskId,
    state: facts.state,
    createdAt: facts.createdAt,
    pullStartedAt: task.pullStartedAt?.getTime(),
    pullStoppedAt: task.pullStoppedAt?.getTime(),
    startedAt: facts.startedAt,
    stoppingAt: facts.stoppingAt,
    stoppedAt: facts.stoppedAt,
    stoppedReason: task.stoppedReason,
  };
}
