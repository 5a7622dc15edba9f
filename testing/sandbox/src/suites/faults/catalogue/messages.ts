import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { throttled } from '@serverless-gitlab-runner/fault-proxy';
import { mostManagersAtOnce } from '../decide-job.ts';
import type { Fault } from '../fault.ts';
import { SIGNING_TOKEN } from '../planted-secrets.ts';
import { smallJobs } from '../small-jobs.ts';
import { holdEvents, olderBy } from './held-events.ts';
import { postHook, shiftedTimes, signedHeaders, tokenHeaders } from './post-hook.ts';
import { storm } from './storm.ts';

const TEN_MINUTES_MS = 600_000;
const HOUR_MS = 3_600_000;

const MOST_MANAGERS = 5;
/** Milliseconds for a hundred tasks of three containers, on two cores. */
const BURST_MS = 400_000;

const launcherDies: Fault = {
  name: 'launcher-dies',
  title: 'the launcher is killed after its RunTask was carried out, before it hears of it',
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const rule = faultRun.aws({
      match: { operation: 'RunTask', caller: 'runner-launcher' },
      effect: { kind: 'hang', when: 'after' },
      times: 1,
    });
    const jobs = await faultRun.queue(3);
    await faultRun.taken(rule);
    await faultRun.task('the manager that nobody heard of', ({ role }) => role === 'manager');
    await faultRun.environment.lambdas.kill('runner-launcher');
    rule.remove();
    faultRun.recovering();
    await faultRun.finished(jobs);
    faultRun.mustHaveStarted({ managers: 1, jobTasks: 3 });
  },
};

const deliveredTwice: Fault = {
  name: 'delivered-twice',
  title: 'every webhook, every event and every RunTask is delivered twice',
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook({ copies: 2 });
    faultRun.aws({ match: { operation: ['PutEvents', 'RunTask', 'StopTask'] }, effect: { kind: 'twice' } });
    faultRun.recovering();
    const jobs = await faultRun.queue(3);
    await faultRun.finished(jobs);
    faultRun.mustHaveStarted({ managers: 1, jobTasks: 3 });
  },
};

const cameAndWent: Fault = {
  name: 'came-and-went',
  title: 'ECS does not answer the launcher until its jobs have ended and their manager has left',
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const jobs = await faultRun.queue(3);
    const { taskArn } = await faultRun.task('the manager', ({ role }) => role === 'manager');
    const rule = faultRun.aws({
      match: { operation: 'ListTasks', caller: 'runner-launcher' },
      effect: { kind: 'answer', answer: throttled },
    });
    await faultRun.taken(rule);
    await faultRun.finished(jobs);
    await faultRun.task(
      'the end of the manager',
      (task) => task.taskArn === taskArn && task.lastStatus === 'STOPPED',
    );
    rule.remove();
    faultRun.recovering();
    await faultRun.launcherIsDone();
    faultRun.mustHaveStarted({ managers: 1, jobTasks: 3 });
  },
};

const outOfOrder: Fault = {
  name: 'out-of-order',
  title: 'events come in reverse order and are ten minutes old',
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const held = holdEvents(faultRun.aws.bind(faultRun), 'webhook-receiver');
    await faultRun.queue(4);
    await held.until(4);
    held.release();
    const Entries = held.entries.map((entry) => olderBy(entry, TEN_MINUTES_MS)).reverse();
    await faultRun.environment.events.send(new PutEventsCommand({ Entries }));
    faultRun.recovering();
  },
};

const webhookStorm: Fault = {
  name: 'webhook-storm',
  title: '200 webhooks in two seconds at a maximum of two managers; six of their jobs wait for us',
  runs: 2,
  async run(faultRun) {
    const lost = faultRun.webhooks({ match: {}, effect: { kind: 'cut', when: 'before' } });
    faultRun.addWebhook();
    const jobs = await faultRun.queue(6);
    const bodies = await faultRun.bodiesOf(jobs);
    lost.remove();
    const answers = await storm(
      faultRun.environment.webhookUrl,
      faultRun.environment.system.webhookSecret,
      bodies,
      200,
      2000,
    );
    faultRun.recovering();
    const refused = answers.filter((status) => status !== 202);
    if (refused.length > 0)
      faultRun.wrong.push(`${refused.length} webhooks were answered ${refused.join(', ')}`);
  },
};

const burst: Fault = {
  name: 'burst',
  title:
    '100 jobs are queued at once, for at most five managers of four jobs: all five start, and none waits for nothing',
  runs: 1,
  alone: true,
  async run(faultRun) {
    const { manager } = await faultRun.fleet.read();
    await faultRun.fleet.change({ manager: { ...manager, max: MOST_MANAGERS } });
    faultRun.addWebhook();
    faultRun.recovering();
    await faultRun.finished(await faultRun.queue(smallJobs(100, 1)), BURST_MS);
    const managers = mostManagersAtOnce(faultRun.tasks);
    if (managers !== MOST_MANAGERS)
      faultRun.wrong.push(`${managers} managers took jobs at once, expected ${MOST_MANAGERS}`);
  },
};

const webhookLost: Fault = {
  name: 'webhook-lost',
  title: 'no webhook arrives; the safety launch finds the jobs',
  runs: 2,
  async run(faultRun) {
    await faultRun.fleet.change({ safetyLaunchSeconds: 10 });
    faultRun.webhooks({ match: {}, effect: { kind: 'cut', when: 'before' } });
    faultRun.addWebhook();
    faultRun.recovering();
    await faultRun.finished(await faultRun.queue(3));
  },
};

const clockWrong: Fault = {
  name: 'sender-clock-wrong',
  title: "GitLab's clock is a day off in its events, and an hour off in a signature",
  runs: 2,
  async run(faultRun) {
    const { environment } = faultRun;
    await faultRun.fleet.setSigningToken(SIGNING_TOKEN);
    const lost = faultRun.webhooks({ match: {}, effect: { kind: 'cut', when: 'before' } });
    faultRun.addWebhook();
    const [early, late, signed, ...rest] = await faultRun.bodiesOf(await faultRun.queue(4));
    lost.remove();
    faultRun.recovering();
    const token = tokenHeaders(environment.system.webhookSecret);
    const day = 24 * HOUR_MS;
    const answers = {
      'a day early': await postHook(environment.webhookUrl, shiftedTimes(early ?? '', -day), token),
      'a day late': await postHook(environment.webhookUrl, shiftedTimes(late ?? '', day), token),
      'signed now': await postHook(
        environment.webhookUrl,
        signed ?? '',
        signedHeaders(SIGNING_TOKEN, signed ?? '', 0),
      ),
    };
    for (const [what, status] of Object.entries(answers))
      if (status !== 202) faultRun.wrong.push(`the event ${what} was answered ${status}, expected 202`);
    const old = await postHook(
      environment.webhookUrl,
      rest[0] ?? '',
      signedHeaders(SIGNING_TOKEN, rest[0] ?? '', -HOUR_MS),
    );
    if (old !== 401) faultRun.wrong.push(`a signature of an hour ago was answered ${old}, expected 401`);
  },
};

export const messageFaults: readonly Fault[] = [
  ...[launcherDies, deliveredTwice, cameAndWent, outOfOrder, webhookStorm, burst, webhookLost, clockWrong],
];
