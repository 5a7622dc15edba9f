import type { ListedFleet } from '@serverless-gitlab-runner/fleet';
import type { Clients } from '../clients.ts';
import { gitlabUrlsOf, readFleets } from '../fleets.ts';
import { GitLabError } from '../gitlab/gitlab-error.ts';
import { trustAuthoritiesOf } from '../gitlab/trust-authorities.ts';
import type { Installation } from '../installation.ts';
import { readLaunchFailures } from '../read-launch-failures.ts';
import { readLogLines } from '../read-log-lines.ts';
import { type ClusterTasks, readTasks, takingManagers } from '../tasks.ts';
import { findProject } from './find-project.ts';
import type { JobArgument } from './job-argument.ts';
import type { GitLabFacts, JobFacts, JobTask, ReceivedWebhook } from './job-facts.ts';
import { decisionsOf, webhooksOf } from './read-decisions.ts';

export interface JobQuestion {
  job: JobArgument;
  /** With which GitLab is asked; undefined: it is not. */
  gitlabToken: string | undefined;
  /** Called if GitLab cannot be asked, with the reason. */
  onGitLabProblem(message: string): void;
  /** Hours for which logs are searched. */
  hours: number;
  /** Milliseconds since 1970. */
  now: number;
}

/** Reads all that AWS knows of a job. */
export async function readJobFacts(
  question: JobQuestion,
  { ecs, logs, ssm }: Clients,
  { cluster, parameterPrefix, logGroups }: Installation,
): Promise<JobFacts> {
  const { hours, now } = question;
  const { jobId } = question.job;
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
  const webhooks = webhooksOf(jobId, received);
  return {
    jobId,
    now,
    hours,
    webhooks,
    gitlab: await askGitLab(question, webhooks, fleets),
    refusedWebhooks: refused.filter(({ fields }) => fields.decision === 'not authentic').length,
    decisions: decisionsOf(jobId, launched, failures),
    task: taskOf(jobId, tasks),
    managers: takingManagers(tasks),
    fleets: new Map(
      fleets.flatMap((fleet) => ('config' in fleet ? [[fleet.name, fleet.config.manager] as const] : [])),
    ),
  };
}

/** Asks GitLab for the job, and for its project's runners, which only Maintainers may see. */
async function askGitLab(
  { job, gitlabToken, onGitLabProblem }: JobQuestion,
  webhooks: readonly ReceivedWebhook[],
  fleets: readonly ListedFleet[],
): Promise<GitLabFacts | undefined> {
  if (gitlabToken === undefined) return undefined;
  const place = findProject(job, webhooks, gitlabUrlsOf(fleets));
  if (place === undefined) {
    onGitLabProblem(
      job.page
        ? "GitLab is not asked: the URL is of no fleet's GitLab"
        : "GitLab is not asked: the job's project is not known. Give the URL of the job's page",
    );
    return undefined;
  }
  const { createGitLabReader } = await import('../gitlab/gitlab-reader.ts');
  trustAuthoritiesOf(fleets);
  const gitlab = createGitLabReader(place.gitlabUrl, gitlabToken);
  const unlessRefused = async <Result>(read: Promise<Result>): Promise<Result | undefined> => {
    try {
      return await read;
    } catch (error) {
      if (!(error instanceof GitLabError)) throw error;
      onGitLabProblem(error.message);
      return undefined;
    }
  };
  const found = await unlessRefused(gitlab.job(place.project, job.jobId));
  if (found === undefined) return undefined;
  return { job: found, runners: await unlessRefused(gitlab.runners(place.project)) };
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
