import type { GitLabHook, GitLabHookEvent, GitLabJob, GitLabRunner } from '../../gitlab/gitlab-reader.ts';
import { pointsAt } from '../../gitlab/hook-place.ts';
import { runnerName, whyNotTaken } from '../../gitlab/match-runner.ts';
import { broken, type Finding, warning } from '../finding.ts';

/** What a project's Maintainer sees in GitLab. */
export interface ProjectFacts {
  project: string;
  hooks: readonly GitLabHook[];
  /** What GitLab sent lately, by the id of the webhook, newest first; without those of which GitLab keeps no log. */
  hookEvents: ReadonlyMap<number, readonly GitLabHookEvent[]>;
  runners: readonly GitLabRunner[];
  /** Jobs that wait for a runner. */
  pending: readonly GitLabJob[];
  /** The receiver's URL, without a query. */
  webhookUrl: string;
}

const NEXT_STEPS = 'npx sgr next-steps prints the URL and how to enter it';
/** Jobs without a runner that are named. */
const MAX_JOBS = 3;

/** Whether a project's webhook reaches the installation, and its waiting jobs have a runner. */
export function checkProject(facts: ProjectFacts): Finding[] {
  const { project, runners } = facts;
  return [
    ...hookFindings(facts),
    ...runners
      .filter(({ paused }) => paused)
      .map((runner) =>
        warning(
          'runner-paused',
          `Runner ${runnerName(runner)} of ${project} is paused`,
          'Resume it in Settings → CI/CD → Runners',
        ),
      ),
    ...jobFindings(facts),
  ];
}

/** A group's or an instance's webhook is not listed with a project's own. */
function hookFindings(facts: ProjectFacts): Finding[] {
  const { project, hooks, webhookUrl, hookEvents } = facts;
  const own = hooks.filter((hook) => pointsAt(hook, webhookUrl));
  if (own.length === 0)
    return [
      warning(
        'hook-missing',
        `No webhook of ${project} has the URL of this installation, unless its group has one`,
        NEXT_STEPS,
      ),
    ];
  return own.flatMap((hook) => [
    ...(hook.job_events
      ? []
      : [
          broken(
            'hook-without-job-events',
            `Webhook ${hook.id} of ${project} sends no job events`,
            'Select the trigger "Job events" in Settings → Webhooks → Edit',
          ),
        ]),
    ...(hook.alert_status === undefined || hook.alert_status === 'executable'
      ? []
      : [
          broken(
            'hook-disabled',
            `GitLab has disabled webhook ${hook.id} of ${project} ${hook.disabled_until ? `until ${hook.disabled_until}` : 'for good'}, since its deliveries failed`,
            'Mend what its recent events show, then press "Test" in Settings → Webhooks',
          ),
        ]),
    ...eventFindings(hook, hookEvents.get(hook.id), facts),
  ]);
}

/** What GitLab's own log of a webhook says: the answer to the last one, and jobs of which it sent none. */
function eventFindings(
  { id }: GitLabHook,
  events: readonly GitLabHookEvent[] | undefined,
  { project, pending }: ProjectFacts,
): Finding[] {
  if (events === undefined) return [];
  const [last] = events;
  const failed = events.filter(({ answer }) => !isSuccess(answer));
  if (last !== undefined && !isSuccess(last.answer))
    return [
      broken(
        'hook-event-failed',
        `GitLab's last event of webhook ${id} of ${project} got ${last.answer}, as did ${failed.length} of its last ${events.length}`,
        remedyOf(last.answer),
      ),
    ];
  const unsent = pending.find((job) => isUnsent(job, events));
  if (unsent === undefined) return [];
  return [
    broken(
      'hook-event-missing',
      `GitLab sent no event of job ${unsent.id} of ${project}, which waits, through webhook ${id}`,
      'GitLab drops webhooks above its rate limit, and sends none while a webhook is disabled: press "Test" in Settings → Webhooks, or queue another job; the fleet\'s safetyLaunchSeconds starts managers for lost webhooks',
    ),
  ];
}

function isSuccess(answer: string): boolean {
  return /^2\d\d$/.test(answer);
}

function remedyOf(answer: string): string {
  switch (answer) {
    case '401':
      return 'The secret token differs from the stored one: run sgr init again, which sets it';
    case '404':
      return 'Its URL names a fleet that is not deployed: run sgr next-steps, which prints the URL';
    case '429':
      return "More webhooks arrive than AWS lets the function answer: raise the account's quota for concurrent executions";
    case 'internal error':
      return 'GitLab cannot reach the URL: check its DNS, its proxy, and whether its outbound requests are allowed (Admin → Settings → Network)';
    default:
      return 'See the answer in Settings → Webhooks → Edit → Recent events, and the log of webhook-receiver';
  }
}

/** Events are sent for each status, so a waiting job has one among the newest, unless those are all later than the job. */
function isUnsent({ id, created_at }: GitLabJob, events: readonly GitLabHookEvent[]): boolean {
  const oldest = events.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
  const isCovered = created_at !== undefined && Date.parse(created_at) > oldest;
  const isFull = events.length >= MAX_EVENTS;
  return (isCovered || !isFull) && !events.some(({ jobId }) => jobId === id);
}

/** GitLab's page of events. */
const MAX_EVENTS = 20;

function jobFindings({ project, pending, runners }: ProjectFacts): Finding[] {
  const without = pending.filter((job) => runners.every((runner) => whyNotTaken(job, runner) !== undefined));
  return without
    .slice(0, MAX_JOBS)
    .map(({ id, tag_list: tags }) =>
      broken(
        'job-without-runner',
        `Job ${id} of ${project} waits, and no runner takes its tags: ${tags.join(', ') || 'none'}`,
        `Give it the tags of a runner, or a runner its tags. More: sgr why ${id}`,
      ),
    );
}
