import type { Rule } from '../../fault-proxy/index.ts';
import { type Call, errorAnswer } from '../../fault-proxy/index.ts';
import type { Fault } from '../fault.ts';
import { smallJobs } from '../small-jobs.ts';

/** Milliseconds for which GitLab does not answer as it should. */
const OUTAGE_MS = 8000;
/** What runners ask of GitLab; a clone is a job's own, and GIT_FETCH attempts are the job's to set. */
const RUNNER_API = ['jobs/request', 'jobs/update', 'jobs/trace', 'runners/verify', 'runners/unregister'];

/** GitLab's API behaves so for a while, with two jobs running and two that are queued meanwhile. */
function outage(name: string, title: string, effect: Rule['effect']): Fault {
  return {
    name,
    title,
    runs: 2,
    async play(stage) {
      stage.addWebhook();
      const running = await stage.queue(smallJobs(2, 4));
      await Promise.all(running.map((job) => stage.scriptBegan(job)));
      stage.gitlab({ match: { operation: RUNNER_API }, effect, forMs: OUTAGE_MS });
      await stage.queue(2);
      await stage.pause(OUTAGE_MS);
      stage.recovering();
    },
  };
}

const badGateway = (call: Call) =>
  errorAnswer(call, { code: '', message: 'Internal Server Error', status: 500 });
const tooMany = (call: Call) =>
  errorAnswer(call, { code: '', message: 'Too Many Requests', status: 429, headers: { 'retry-after': '2' } });

export const gitlabFaults: readonly Fault[] = [
  outage('gitlab-500', 'GitLab answers 500 for eight seconds', { kind: 'answer', answer: badGateway }),
  outage('gitlab-429', 'GitLab answers 429 with Retry-After for eight seconds', {
    kind: 'answer',
    answer: tooMany,
  }),
  outage('gitlab-silent', 'GitLab answers nothing for eight seconds', { kind: 'hang', when: 'before' }),
];
