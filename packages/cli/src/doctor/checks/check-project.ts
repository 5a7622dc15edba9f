import type { GitLabHook, GitLabJob, GitLabRunner } from '../../gitlab/gitlab-reader.ts';
import { runnerName, whyNotTaken } from '../../gitlab/match-runner.ts';
import { broken, type Finding, warning } from '../finding.ts';

/** What a project's Maintainer sees in GitLab. */
export interface ProjectFacts {
  project: string;
  hooks: readonly GitLabHook[];
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
function hookFindings({ project, hooks, webhookUrl }: ProjectFacts): Finding[] {
  const own = hooks.filter(({ url }) => url.includes(hostLabel(webhookUrl)));
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
  ]);
}

/** The part of the receiver's host that no other installation has. */
function hostLabel(webhookUrl: string): string {
  return new URL(webhookUrl).hostname.split('.')[0] ?? webhookUrl;
}

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
