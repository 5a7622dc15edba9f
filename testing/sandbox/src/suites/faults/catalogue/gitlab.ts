import { type Call, errorAnswer, type Rule } from '@serverless-gitlab-runner/fault-proxy';
import type { Fault } from '../fault.ts';
import { smallJobs } from '../small-jobs.ts';

/** Duration of an outage, in milliseconds. */
const OUTAGE_MS = 8000;
/** Operations of the runner API. Clones are not included: they belong to the job, which sets its own number of attempts. */
const RUNNER_API = ['jobs/request', 'jobs/update', 'jobs/trace', 'runners/verify', 'runners/unregister'];

/** Applies an effect to GitLab's runner API for a while, with two jobs running and two more queued meanwhile. */
function outage(name: string, title: string, effect: Rule['effect']): Fault {
  return {
    name,
    title,
    runs: 2,
    async run(faultRun) {
      faultRun.addWebhook();
      const running = await faultRun.queue(smallJobs(2, 4));
      await Promise.all(running.map((job) => faultRun.scriptStarted(job)));
      faultRun.gitlab({ match: { operation: RUNNER_API }, effect, forMs: OUTAGE_MS });
      await faultRun.queue(2);
      await faultRun.pause(OUTAGE_MS);
      faultRun.faultEnded();
    },
  };
}

const badGateway = (call: Call) =>
  errorAnswer(call, { code: '', message: 'Internal Server Error', status: 500 });
const tooMany = (call: Call) =>
  errorAnswer(call, { code: '', message: 'Too Many Requests', status: 429, headers: { 'retry-after': '2' } });

const unauthorized = (call: Call) =>
  errorAnswer(call, { code: '', message: '401 Unauthorized', status: 401 });

const apiFails: Fault = {
  name: 'gitlab-api-fails',
  title:
    "GitLab refuses the fleet's API token, then its API fails, then does not answer: the launcher cannot read a job's tags",
  runs: 2,
  async run(faultRun) {
    await faultRun.fleet.setApiToken(faultRun.environment.gitlab.privateToken);
    await faultRun.fleet.change({ gitlabApi: { projects: [] } });
    // The launcher caches the fleet's document.
    await faultRun.environment.lambdas.restart();
    faultRun.addWebhook();
    const effects: readonly Rule['effect'][] = [
      { kind: 'answer', answer: unauthorized },
      { kind: 'answer', answer: badGateway },
      { kind: 'hang', when: 'before' },
    ];
    for (const effect of effects) {
      const rule = faultRun.gitlab({ match: { operation: 'projects/job' }, effect });
      await faultRun.jobsFinished(await faultRun.queue(1));
      if (rule.matched === 0) faultRun.problems.push('the launcher did not ask GitLab for the job');
      rule.remove();
    }
    faultRun.faultEnded();
    await faultRun.jobsFinished(await faultRun.queue(1));
  },
};

export const gitlabFaults: readonly Fault[] = [
  outage('gitlab-500', 'GitLab answers with 500 for eight seconds', { kind: 'answer', answer: badGateway }),
  outage('gitlab-429', 'GitLab answers with 429 and Retry-After for eight seconds', {
    kind: 'answer',
    answer: tooMany,
  }),
  outage('gitlab-silent', 'GitLab does not answer for eight seconds', { kind: 'hang', when: 'before' }),
  apiFails,
];
