import { runnerName, whyNotTaken } from '../gitlab/match-runner.ts';
import type { GitLabFacts } from './job-facts.ts';
import type { Verdict } from './verdict.ts';

const OVER: ReadonlySet<string> = new Set(['success', 'failed', 'canceled', 'skipped']);
/** Why GitLab has not queued a job, and what to do. */
const NOT_QUEUED: Readonly<Record<string, string>> = {
  created: 'It waits for the jobs before it in its pipeline',
  manual: 'Start it by hand on the page of its pipeline',
  scheduled: 'It starts after its `start_in`',
  waiting_for_resource: 'Another job holds its resource group',
  preparing: 'GitLab prepares it, for example its Kubernetes namespace',
};
/** Runners that are named in the advice. */
const MAX_RUNNERS = 5;

/** What a job waits for by GitLab's word; undefined if GitLab waits for a runner that may take it. */
export function explainGitLab({ job, runners }: GitLabFacts): Verdict | undefined {
  const { status, tag_list: tags, runner } = job;
  if (OVER.has(status))
    return { state: 'ended', summary: `In GitLab, it is over: ${status}`, since: undefined, advice: [] };
  if (status === 'running') {
    const name = runner ? runnerName(runner) : 'a runner';
    return { state: 'running', summary: `GitLab has given it to ${name}`, since: undefined, advice: [] };
  }
  if (status !== 'pending')
    return {
      state: 'queued',
      summary: `GitLab has not queued it yet: it is ${status}`,
      since: undefined,
      advice: [NOT_QUEUED[status] ?? 'See its page in GitLab'],
    };
  if (runners === undefined || runners.some((one) => whyNotTaken(job, one) === undefined)) return undefined;
  return {
    state: 'queued',
    summary: `No runner of its project takes it: its tags are ${tags.join(', ') || 'none'}`,
    since: undefined,
    advice: [
      ...runners.slice(0, MAX_RUNNERS).map((one) => `Runner ${runnerName(one)} ${whyNotTaken(job, one)}`),
      ...(runners.length === 0 ? ['Create a runner for its project (Settings → CI/CD → Runners)'] : []),
    ],
  };
}
