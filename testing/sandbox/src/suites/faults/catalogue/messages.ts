import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { throttled } from '@serverless-gitlab-runner/fault-proxy';
import { peakManagers } from '../decide-job.ts';
import type { Fault } from '../fault.ts';
import { SIGNING_TOKEN } from '../planted-secrets.ts';
import { smallJobs } from '../small-jobs.ts';
import { holdEvents, olderBy } from './held-events.ts';
import { postHook, shiftedTimes, signedHeaders, tokenHeaders } from './post-hook.ts';
import { storm } from './storm.ts';

const TEN_MINUTES_MS = 600_000;
const HOUR_MS = 3_600_000;
const HOUR_SECONDS = 3600;

const MAX_MANAGERS = 5;
/** Maximum time for a hundred tasks of three containers on two cores, in milliseconds. */
const BURST_MS = 400_000;
/** Until those jobs are overdue after 120 s, the two managers may leave every 20 s, and two others start. */
const MANAGERS_FOR_VANISHED = 12;
/** A message of a vanished job may come back after 120 s, then after another 120 s, and once more for a manager to ask. */
const VANISHED_TIMEOUT_MS = 400_000;

const launcherDies: Fault = {
  name: 'launcher-dies',
  title: 'the launcher is killed after its RunTask succeeded, before it gets the answer',
  runs: 2,
  async run(faultRun) {
    await faultRun.letManagersWait();
    faultRun.addWebhook();
    const rule = faultRun.aws({
      match: { operation: 'RunTask', caller: 'runner-launcher' },
      effect: { kind: 'hang', when: 'after' },
      times: 1,
    });
    const jobs = await faultRun.queue(3);
    await faultRun.rulesApplied(rule);
    await faultRun.waitForTask('the manager of the unanswered RunTask', ({ role }) => role === 'manager');
    await faultRun.environment.lambdas.kill('runner-launcher');
    rule.remove();
    faultRun.faultEnded();
    await faultRun.jobsFinished(jobs);
    faultRun.expectStarted({ managers: 1, jobTasks: 3 });
  },
};

const deliveredTwice: Fault = {
  name: 'delivered-twice',
  title: 'every webhook, every event and every RunTask is delivered twice',
  runs: 2,
  async run(faultRun) {
    await faultRun.letManagersWait();
    faultRun.addWebhook({ copies: 2 });
    faultRun.aws({ match: { operation: ['PutEvents', 'RunTask', 'StopTask'] }, effect: { kind: 'twice' } });
    faultRun.faultEnded();
    const jobs = await faultRun.queue(3);
    await faultRun.jobsFinished(jobs);
    faultRun.expectStarted({ managers: 1, jobTasks: 3 });
  },
};

const cameAndWent: Fault = {
  name: 'came-and-went',
  title: 'ECS throttles the launcher until its jobs have ended and their manager has exited',
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const jobs = await faultRun.queue(3);
    const { taskArn } = await faultRun.waitForTask('the manager', ({ role }) => role === 'manager');
    const rule = faultRun.aws({
      match: { operation: 'ListTasks', caller: 'runner-launcher' },
      effect: { kind: 'answer', answer: throttled },
    });
    await faultRun.rulesApplied(rule);
    await faultRun.jobsFinished(jobs);
    await faultRun.waitForTask(
      'the end of the manager',
      (task) => task.taskArn === taskArn && task.lastStatus === 'STOPPED',
    );
    rule.remove();
    faultRun.faultEnded();
    await faultRun.launcherQueueEmpty();
    faultRun.expectStarted({ managers: 1, jobTasks: 3 });
  },
};

const outOfOrder: Fault = {
  name: 'out-of-order',
  title: 'events arrive in reverse order and ten minutes late',
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const held = holdEvents(faultRun.aws.bind(faultRun), 'webhook-receiver');
    await faultRun.queue(4);
    await held.until(4);
    held.release();
    const Entries = held.entries.map((entry) => olderBy(entry, TEN_MINUTES_MS)).reverse();
    await faultRun.environment.events.send(new PutEventsCommand({ Entries }));
    faultRun.faultEnded();
  },
};

const webhookStorm: Fault = {
  name: 'webhook-storm',
  title:
    '200 webhooks in two seconds with a maximum of two managers; six of their jobs are pending: few managers are started for the others',
  runs: 2,
  async run(faultRun) {
    await faultRun.letManagersWait();
    // As on AWS: the launcher ends messages by what managers did that have left.
    await faultRun.switches.setStoppedTasksKept(HOUR_SECONDS);
    const lost = faultRun.webhooks({ match: {}, effect: { kind: 'cut', when: 'before' } });
    faultRun.addWebhook();
    const jobs = await faultRun.queue(6);
    const bodies = await faultRun.webhookBodiesOf(jobs);
    lost.remove();
    const answers = await storm(
      faultRun.environment.webhookUrl,
      faultRun.environment.system.webhookSecret,
      bodies,
      200,
      2000,
    );
    faultRun.faultEnded();
    const refused = answers.filter((status) => status !== 202);
    if (refused.length > 0)
      faultRun.problems.push(`${refused.length} webhooks were answered with ${refused.join(', ')}`);
    await faultRun.launcherQueueEmpty(VANISHED_TIMEOUT_MS);
    const managers = faultRun.tasks.filter(({ role }) => role === 'manager').length;
    if (managers > MANAGERS_FOR_VANISHED)
      faultRun.problems.push(
        `${managers} managers were started, of which most found no job, expected at most ${MANAGERS_FOR_VANISHED}`,
      );
  },
};

const burst: Fault = {
  name: 'burst',
  title:
    '100 jobs are queued at once, with at most five managers of four jobs each: all five managers start and take jobs',
  runs: 1,
  alone: true,
  async run(faultRun) {
    const { manager } = await faultRun.fleet.read();
    await faultRun.fleet.change({ manager: { ...manager, max: MAX_MANAGERS } });
    faultRun.addWebhook();
    faultRun.faultEnded();
    await faultRun.jobsFinished(await faultRun.queue(smallJobs(100, 1)), BURST_MS);
    const managers = peakManagers(faultRun.tasks);
    // More are a problem of every fault, see `run-fault.ts`.
    if (managers < MAX_MANAGERS)
      faultRun.problems.push(`${managers} managers took jobs concurrently, expected ${MAX_MANAGERS}`);
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
    faultRun.faultEnded();
    await faultRun.jobsFinished(await faultRun.queue(3));
  },
};

const clockWrong: Fault = {
  name: 'sender-clock-wrong',
  title: "GitLab's clock is off by a day in its events, and by an hour in a signature",
  runs: 2,
  async run(faultRun) {
    const { environment } = faultRun;
    await faultRun.fleet.setSigningToken(SIGNING_TOKEN);
    const lost = faultRun.webhooks({ match: {}, effect: { kind: 'cut', when: 'before' } });
    faultRun.addWebhook();
    const [early, late, signed, ...rest] = await faultRun.webhookBodiesOf(await faultRun.queue(4));
    lost.remove();
    faultRun.faultEnded();
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
      if (status !== 202)
        faultRun.problems.push(`the event ${what} was answered with ${status}, expected 202`);
    const old = await postHook(
      environment.webhookUrl,
      rest[0] ?? '',
      signedHeaders(SIGNING_TOKEN, rest[0] ?? '', -HOUR_MS),
    );
    if (old !== 401)
      faultRun.problems.push(`a signature of an hour ago was answered with ${old}, expected 401`);
  },
};

export const messageFaults: readonly Fault[] = [
  ...[launcherDies, deliveredTwice, cameAndWent, outOfOrder, webhookStorm, burst, webhookLost, clockWrong],
];
