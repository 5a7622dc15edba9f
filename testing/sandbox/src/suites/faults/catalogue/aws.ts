import { NO_CAPACITY, QUOTA_REACHED, type RateBucket } from '@serverless-gitlab-runner/aws-emulator';
import { internalError, throttled } from '@serverless-gitlab-runner/fault-proxy';
import type { Fault } from '../fault.ts';
import { refusedEntry } from './refused-entry.ts';

/** Milliseconds for which a service does not work. */
const OUTAGE_MS = 5000;

/** Nothing happens: what the others are measured against. */
const calm: Fault = {
  name: 'calm',
  title: 'no fault at all, the measure for the others',
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    faultRun.recovering();
    await faultRun.queue(3);
  },
};

const busRefusesEntry: Fault = {
  name: 'bus-refuses-entry',
  title: "PutEvents answers 200 with its entry refused, for the first three of the receiver's calls",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const rule = faultRun.aws({
      match: { operation: 'PutEvents', caller: 'webhook-receiver' },
      effect: { kind: 'answer', answer: refusedEntry },
      times: 3,
    });
    await faultRun.queue(3);
    await faultRun.taken(rule);
    faultRun.recovering();
  },
};

const ssmThrottles: Fault = {
  name: 'ssm-throttles',
  title: "SSM throttles everybody's first calls: the receiver, the launcher and the manager",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const rules = ['webhook-receiver', 'runner-launcher', 'manager'].map((caller) =>
      faultRun.aws({
        match: { service: 'ssm', caller },
        effect: { kind: 'answer', answer: throttled },
        times: 2,
      }),
    );
    await faultRun.queue(3);
    await faultRun.taken(...rules);
    faultRun.recovering();
  },
};

const ecsFails: Fault = {
  name: 'ecs-fails',
  title: 'every call of ECS is answered 500 for five seconds, while a manager and its jobs start',
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    await faultRun.queue(3);
    await faultRun.task('a manager', ({ role }) => role === 'manager');
    faultRun.aws({
      match: { service: 'ecs' },
      effect: { kind: 'answer', answer: internalError },
      forMs: OUTAGE_MS,
    });
    await faultRun.pause(OUTAGE_MS);
    faultRun.recovering();
  },
};

const runTaskAnswerLost: Fault = {
  name: 'run-task-answer-lost',
  title: "the answers of the launcher's and of the manager's RunTask are lost, twice each",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const rules = ['runner-launcher', 'manager'].map((caller) =>
      faultRun.aws({
        match: { operation: 'RunTask', caller },
        effect: { kind: 'cut', when: 'after' },
        times: 2,
      }),
    );
    const jobs = await faultRun.queue(3);
    await faultRun.taken(...rules);
    faultRun.recovering();
    await faultRun.finished(jobs);
    faultRun.mustHaveStarted({ managers: 1, jobTasks: 3 });
  },
};

/** As often as a manager's client tries a call of ECS. */
const TRIES_OF_RUN_TASK = 8;

const runTaskNeverAnswers: Fault = {
  name: 'run-task-never-answers',
  title:
    "no try of a manager's RunTask is answered, and a task runs: the job gets another, and that one goes",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const rule = faultRun.aws({
      match: { operation: 'RunTask', caller: 'manager' },
      effect: { kind: 'cut', when: 'after' },
      times: TRIES_OF_RUN_TASK,
    });
    const jobs = await faultRun.queue(1);
    await faultRun.taken(rule);
    faultRun.recovering();
    await faultRun.finished(jobs);
    faultRun.mustHaveStarted({ managers: 1, jobTasks: 2 });
  },
};

const noSpot: Fault = {
  name: 'no-spot-capacity',
  title: 'RunTask fails for want of Spot capacity; there is room on demand',
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    await faultRun.switches.setCapacity({ FARGATE_SPOT: NO_CAPACITY });
    faultRun.recovering();
    const jobs = await faultRun.queue(3);
    await faultRun.finished(jobs);
    if (faultRun.tasks.some(({ capacityProvider }) => capacityProvider !== 'FARGATE'))
      faultRun.wrong.push('a task ran on Spot, which had no capacity');
  },
};

const noCapacity: Fault = {
  name: 'no-capacity',
  title: 'neither Spot nor on demand has room for a manager for ten seconds, and then not for job tasks',
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    await faultRun.switches.setCapacity({ FARGATE_SPOT: NO_CAPACITY, FARGATE: NO_CAPACITY });
    await faultRun.queue(3);
    await faultRun.pause(10_000);
    await faultRun.switches.setCapacity({ FARGATE_SPOT: null, FARGATE: null });
    faultRun.recovering();
    await faultRun.manager();
    await faultRun.switches.setCapacity({ FARGATE_SPOT: NO_CAPACITY, FARGATE: NO_CAPACITY });
    await faultRun.pause(6000);
    await faultRun.switches.setCapacity({ FARGATE_SPOT: null, FARGATE: null });
  },
};

const spotQuota: Fault = {
  name: 'spot-quota-reached',
  title: "the account's quota of Spot vCPUs is reached, told as failures; there is room on demand",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    await faultRun.switches.setCapacity({ FARGATE_SPOT: QUOTA_REACHED });
    faultRun.recovering();
    const jobs = await faultRun.queue(3);
    await faultRun.finished(jobs);
    if (faultRun.tasks.some(({ capacityProvider }) => capacityProvider !== 'FARGATE'))
      faultRun.wrong.push('a task ran on Spot, whose quota was reached');
    for (const job of jobs)
      if (!/quota "Fargate Spot vCPU resource count" is reached/.test(job.trace.text))
        faultRun.wrong.push(`the log of ${job.name} does not name the quota`);
  },
};

const allQuotas: Fault = {
  name: 'all-quotas-reached',
  title: 'the quotas of Spot and of on demand are reached for the job tasks, told as errors: the jobs wait',
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const reached = { ...QUOTA_REACHED, error: true };
    const jobs = await faultRun.queue(3);
    await faultRun.manager();
    await faultRun.switches.setCapacity({ FARGATE_SPOT: reached, FARGATE: reached });
    await faultRun.pause(12_000);
    await faultRun.switches.setCapacity({ FARGATE_SPOT: null, FARGATE: null });
    faultRun.recovering();
    await faultRun.finished(jobs);
    if (!jobs.some((job) => /Waiting for capacity/.test(job.trace.text)))
      faultRun.wrong.push('no job waited: the quota was not reached when it should have been');
  },
};

/** Buckets of the account's rates that the system takes from, and seconds for which each lets nothing pass. */
const BUCKETS: readonly RateBucket[] = [
  'reads',
  'tasks',
  'runTaskCalls',
  'spotTasks',
  'taskDefinitions',
  'tags',
];
const EMPTY_SECONDS = 6;

const emptyBuckets: readonly Fault[] = BUCKETS.map((bucket) => ({
  name: `rate-${bucket.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  title: `the account's bucket of ${bucket} is empty for ${EMPTY_SECONDS} s when jobs are queued, and again when they run`,
  runs: 1,
  async run(faultRun) {
    faultRun.addWebhook();
    await faultRun.switches.emptyBuckets({ [bucket]: EMPTY_SECONDS });
    const jobs = await faultRun.queue(3);
    await faultRun.manager();
    await faultRun.switches.emptyBuckets({ [bucket]: EMPTY_SECONDS });
    faultRun.recovering();
    await faultRun.finished(jobs);
    await faultRun.switches.emptyBuckets({ [bucket]: EMPTY_SECONDS });
  },
}));

export const awsFaults: readonly Fault[] = [
  ...[
    calm,
    busRefusesEntry,
    ssmThrottles,
    ecsFails,
    runTaskAnswerLost,
    runTaskNeverAnswers,
    noSpot,
    noCapacity,
    spotQuota,
    allQuotas,
    ...emptyBuckets,
  ],
];
