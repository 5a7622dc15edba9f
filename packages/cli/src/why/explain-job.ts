import { duration } from '../../page/format.js';
import { explainGitLab } from './explain-gitlab.ts';
import type { JobFacts, JobTask, LaunchDecision } from './job-facts.ts';
import type { Explanation, Step, Verdict } from './verdict.ts';

/** A manager polls GitLab every few seconds; after this long it has been answered. */
const ASKED_MS = 30_000;
/** Fargate usually prepares a task within this time. */
const SLOW_START_MS = 120_000;
/** A launcher usually receives a message within seconds. */
const SLOW_QUEUE_MS = 60_000;

const IN_GITLAB =
  "In GitLab, compare the job's tags with the runner's (Settings → CI/CD → Runners), and check that the runner is not paused, and takes unprotected branches if the job is of one";
const REDRIVE = 'After mending it, run: npx sgr redrive';

/** Explains what a job waits for. Pure. */
export function explainJob(facts: JobFacts): Explanation {
  return { jobId: facts.jobId, ...verdictOn(facts), steps: stepsOf(facts) };
}

/** ECS knows best; what GitLab says is newer than what the launcher decided. */
function verdictOn(facts: JobFacts): Verdict {
  const { task, gitlab, decisions, now } = facts;
  if (task) return ofTask(task, now);
  const byGitLab = gitlab && explainGitLab(gitlab);
  if (byGitLab) return byGitLab;
  const last = decisions.at(-1);
  return last ? ofDecision(last, facts) : withoutDecision(facts);
}

function ofTask(task: JobTask, now: number): Verdict {
  const { stoppedReason = 'no reason given' } = task;
  switch (task.state) {
    case 'stopped':
    case 'stopping':
      return {
        state: 'ended',
        summary: `Its task ${task.state === 'stopped' ? 'has ended' : 'is ending'}: ${stoppedReason}`,
        since: task.stoppedAt ?? task.stoppingAt,
        advice: [],
      };
    case 'running':
      return { state: 'running', summary: 'It runs in its task', since: task.startedAt, advice: [] };
    default:
      return { state: 'starting', ...ofStart(task, now) };
  }
}

function ofStart(
  { createdAt = 0, pullStartedAt, pullStoppedAt }: JobTask,
  now: number,
): Omit<Verdict, 'state'> {
  if (pullStoppedAt !== undefined)
    return { summary: 'The containers of its task start', since: pullStoppedAt, advice: [] };
  const isSlow = now - createdAt >= SLOW_START_MS;
  if (pullStartedAt !== undefined)
    return {
      summary: 'Fargate pulls the images of the job, its services and the helper',
      since: pullStartedAt,
      advice: isSlow ? ['Smaller images start faster: see "Faster starts" in docs/writing-jobs.md'] : [],
    };
  return {
    summary: 'Fargate prepares its task',
    since: createdAt,
    advice: isSlow
      ? ['Check the quota "Fargate On-Demand vCPU resource count" in Service Quotas, and AWS Health']
      : [],
  };
}

function ofDecision(last: LaunchDecision, facts: JobFacts): Verdict {
  const { at, fleet, outcome, message } = last;
  const since = firstOf(facts.decisions, outcome)?.at ?? at;
  const [kind, reason] = outcome.split(': ');
  switch (kind) {
    case 'recheck':
      return ofManagers(fleet, facts, since);
    case 'retry':
      return reason === 'at-maximum'
        ? atMaximum(fleet, facts, since)
        : queued(
            `No manager of fleet ${fleet} could be started, and it is tried again: ${message ?? reason}`,
            since,
          );
    case 'give-up':
      return queued(`No manager of fleet ${fleet} is started for it: ${message ?? reason}`, since, [REDRIVE]);
    default:
      return settled(last, facts);
  }
}

/** Outcomes after which the launcher does no more for the job. */
function settled({ at, fleet, outcome, message }: LaunchDecision, facts: JobFacts): Verdict {
  switch (outcome) {
    case 'job-runs':
      return {
        state: 'ended',
        summary: 'It had a task, which ended over an hour ago',
        since: at,
        advice: [],
      };
    case 'job-not-waiting':
      return {
        state: 'ended',
        summary: `GitLab said that it was not waiting any more${message ? ` (${message})` : ''}`,
        since: at,
        advice: [],
      };
    case 'no-fleet-takes-it':
      return queued(`No fleet's runner takes it${message ? `: ${message}` : ''}`, at, [
        'Give the job the tags of a fleet, or declare in the fleet\'s "runner" what its runner takes',
        IN_GITLAB,
      ]);
    case 'job-overdue':
      return queued(
        `Managers of fleet ${fleet} asked GitLab for jobs for half a minute and did not get it, so it counts as cancelled`,
        at,
        [`If GitLab still shows it as pending: ${lowerFirst(IN_GITLAB)}. Then retry the job`],
      );
    default:
      return ofManagers(fleet, facts, at);
  }
}

/** A job that is assigned to managers which GitLab has not given it to. */
function ofManagers(fleet: string, { managers, now }: JobFacts, since: number): Verdict {
  const own = managers.filter((manager) => manager.fleet === fleet);
  const asking = own.filter(({ state }) => state === 'running');
  const askedSince = Math.min(...asking.map(({ startedAt }) => startedAt ?? now));
  if (asking.length > 0)
    return now - askedSince < ASKED_MS
      ? queued(`A manager of fleet ${fleet} has just started and asks GitLab for jobs`, askedSince)
      : queued(
          `A manager of fleet ${fleet} asks GitLab for jobs, but has not got this one`,
          Math.max(since, askedSince),
          [IN_GITLAB],
        );
  const startedAt = Math.min(...own.map(({ createdAt }) => createdAt ?? now));
  if (own.length > 0)
    return queued(
      `A manager of fleet ${fleet} starts`,
      startedAt,
      now - startedAt >= SLOW_START_MS
        ? ['It should run by now: check its image, subnets and security group, and run `sgr status`']
        : [],
    );
  return queued(`Its manager has left; the launcher looks again within 30 seconds`, since);
}

function atMaximum(fleet: string, { fleets, managers }: JobFacts, since: number): Verdict {
  const settings = fleets.get(fleet);
  const own = managers.filter((manager) => manager.fleet === fleet);
  const jobs = own.reduce((sum, manager) => sum + manager.jobs, 0);
  const places = settings ? `${settings.max * settings.concurrentJobs} jobs` : 'its maximum of jobs';
  return queued(`Fleet ${fleet} is full: it may run ${places} at once, and ${jobs} have tasks`, since, [
    "Raise the fleet's manager.max or manager.concurrentJobs, or wait until a job ends",
  ]);
}

function withoutDecision({ webhooks, refusedWebhooks, hours, now }: JobFacts): Verdict {
  const [first] = webhooks;
  if (first)
    return queued(
      'Its webhook has arrived, and the launcher has not answered the event',
      first.at,
      now - first.at >= SLOW_QUEUE_MS
        ? [
            'Run `sgr status`: are messages in the queue? Then see the log of runner-launcher, and whether its event source and the rule of the event bus are enabled',
          ]
        : [],
    );
  const refused =
    refusedWebhooks === 0
      ? []
      : [
          `${refusedWebhooks} ${refusedWebhooks === 1 ? 'webhook was' : 'webhooks were'} refused because ${refusedWebhooks === 1 ? 'its' : 'their'} secret was wrong: store the webhook's secret again (npx sgr next-steps)`,
        ];
  return {
    state: 'unknown',
    summary: `No webhook of this job has arrived within ${duration(hours * 3_600_000)}, and it has no task`,
    since: undefined,
    advice: [
      ...refused,
      'In GitLab, open Settings → Webhooks → Edit of its project: is "Job events" on, and what do the recent events say? (npx sgr next-steps prints the URL)',
      'A job is found by the number in the URL of its page. If this job is older, search further back with --hours',
    ],
  };
}

function queued(summary: string, since: number, advice: readonly string[] = []): Verdict {
  return { state: 'queued', summary, since, advice };
}

function stepsOf({ webhooks, decisions, task }: JobFacts): Step[] {
  const [first] = webhooks;
  const steps: Step[] = [];
  const add = (at: number | undefined, what: string) => {
    if (at !== undefined) steps.push({ at, what });
  };
  add(
    first?.at,
    `webhook accepted for fleet ${first?.fleet}${webhooks.length > 1 ? ` (${webhooks.length} in all)` : ''}`,
  );
  for (const { at, outcome, times } of collapse(decisions))
    add(at, `launcher: ${DECISIONS[outcome] ?? outcome}${times > 1 ? ` (${times} times)` : ''}`);
  add(task?.createdAt, `task ${task?.taskId.slice(0, 8)} requested`);
  add(task?.pullStartedAt, 'pull of the images started');
  add(task?.pullStoppedAt, 'pull of the images ended');
  add(task?.startedAt, 'task runs');
  add(task?.stoppingAt, 'task is being stopped');
  add(task?.stoppedAt, 'task has ended');
  return steps.sort((one, other) => one.at - other.at);
}

/** The launcher's outcomes in words. */
const DECISIONS: Readonly<Record<string, string>> = {
  'recheck: manager-launched': 'started a manager for it',
  'recheck: manager-runs': 'a manager runs for it',
  'retry: at-maximum': 'the fleet is full',
  'job-runs': 'it has a task',
  'job-overdue': 'counts as cancelled',
  'job-not-waiting': 'GitLab says that it does not wait',
  'no-fleet-takes-it': 'no fleet takes its tags',
};

/** Counts decisions that repeat the one before. */
function collapse(decisions: readonly LaunchDecision[]): { at: number; outcome: string; times: number }[] {
  const runs: { at: number; outcome: string; times: number }[] = [];
  for (const { at, outcome } of decisions) {
    const last = runs.at(-1);
    if (last?.outcome === outcome) last.times += 1;
    else runs.push({ at, outcome, times: 1 });
  }
  return runs;
}

/** The first of the latest decisions with the same outcome. */
function firstOf(decisions: readonly LaunchDecision[], outcome: string): LaunchDecision | undefined {
  return decisions[decisions.findLastIndex((decision) => decision.outcome !== outcome) + 1];
}

function lowerFirst(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}
