import { NO_CAPACITY, QUOTA_REACHED, type RateBucket } from '@serverless-gitlab-runner/aws-emulator';
import { internalError, throttled } from '@serverless-gitlab-runner/fault-proxy';
import type { Fault } from '../fault.ts';
import { refusedEntry } from './refused-entry.ts';

/** Duration of an outage, in milliseconds. */
const OUTAGE_MS = 5000;

/** Injects no fault: the baseline of the others. */
const calm: Fault = {
  name: 'calm',
  title: 'no fault: the baseline of the others',
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    faultRun.faultEnded();
    await faultRun.queue(3);
  },
};

/** The role that ECS needs was missing: the first stack failed, and was deployed again once ECS had created the role. */
const newAccount: Fault = {
  name: 'new-account',
  title:
    "the system was deployed into an account without ECS's service-linked role, whose deployer may not create it",
  runs: 1,
  inNewAccount: true,
  async run(faultRun) {
    const { usable } = await faultRun.switches.account();
    if (!faultRun.environment.isNewAccount || !usable)
      faultRun.problems.push('the system was not deployed into a new account');
    faultRun.addWebhook();
    faultRun.faultEnded();
    await faultRun.queue(3);
  },
};

const busRefusesEntry: Fault = {
  name: 'bus-refuses-entry',
  title: "PutEvents answers 200 with a failed entry to the receiver's first three calls",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const rule = faultRun.aws({
      match: { operation: 'PutEvents', caller: 'webhook-receiver' },
      effect: { kind: 'answer', answer: refusedEntry },
      times: 3,
    });
    await faultRun.queue(3);
    await faultRun.rulesApplied(rule);
    faultRun.faultEnded();
  },
};

const ssmThrottles: Fault = {
  name: 'ssm-throttles',
  title: 'SSM throttles the first calls of the receiver, the launcher and the manager',
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
    await faultRun.rulesApplied(...rules);
    faultRun.faultEnded();
  },
};

const ecsFails: Fault = {
  name: 'ecs-fails',
  title: 'ECS answers every call with 500 for five seconds, while a manager and its jobs start',
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    await faultRun.queue(3);
    await faultRun.waitForTask('a manager', ({ role }) => role === 'manager');
    faultRun.aws({
      match: { service: 'ecs' },
      effect: { kind: 'answer', answer: internalError },
      forMs: OUTAGE_MS,
    });
    await faultRun.pause(OUTAGE_MS);
    faultRun.faultEnded();
  },
};

const runTaskAnswerLost: Fault = {
  name: 'run-task-answer-lost',
  title: 'the answers to RunTask are lost, twice for the launcher and twice for the manager',
  runs: 2,
  async run(faultRun) {
    await faultRun.letManagersWait();
    faultRun.addWebhook();
    const rules = ['runner-launcher', 'manager'].map((caller) =>
      faultRun.aws({
        match: { operation: 'RunTask', caller },
        effect: { kind: 'cut', when: 'after' },
        times: 2,
      }),
    );
    const jobs = await faultRun.queue(3);
    await faultRun.rulesApplied(...rules);
    faultRun.faultEnded();
    await faultRun.jobsFinished(jobs);
    faultRun.expectStarted({ managers: 1, jobTasks: 3 });
  },
};

/** Attempts that a manager's client makes for a call to ECS. */
const RUN_TASK_ATTEMPTS = 8;

const runTaskNeverAnswers: Fault = {
  name: 'run-task-never-answers',
  title:
    "a manager's RunTask starts a task but is never answered: the job gets another task, the first is removed",
  runs: 2,
  async run(faultRun) {
    await faultRun.letManagersWait();
    faultRun.addWebhook();
    const rule = faultRun.aws({
      match: { operation: 'RunTask', caller: 'manager' },
      effect: { kind: 'cut', when: 'after' },
      times: RUN_TASK_ATTEMPTS,
    });
    const jobs = await faultRun.queue(1);
    await faultRun.rulesApplied(rule);
    faultRun.faultEnded();
    await faultRun.jobsFinished(jobs);
    faultRun.expectStarted({ managers: 1, jobTasks: 2 });
  },
};

const noSpot: Fault = {
  name: 'no-spot-capacity',
  title: 'RunTask fails for lack of Spot capacity; on-demand capacity is available',
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    await faultRun.switches.setCapacity({ FARGATE_SPOT: NO_CAPACITY });
    faultRun.faultEnded();
    const jobs = await faultRun.queue(3);
    await faultRun.jobsFinished(jobs);
    if (faultRun.tasks.some(({ capacityProvider }) => capacityProvider !== 'FARGATE'))
      faultRun.problems.push('a task ran on Spot although Spot had no capacity');
  },
};

const noCapacity: Fault = {
  name: 'no-capacity',
  title: 'neither Spot nor on-demand has capacity, for ten seconds for a manager and then for job tasks',
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    await faultRun.switches.setCapacity({ FARGATE_SPOT: NO_CAPACITY, FARGATE: NO_CAPACITY });
    await faultRun.queue(3);
    await faultRun.pause(10_000);
    await faultRun.switches.setCapacity({ FARGATE_SPOT: null, FARGATE: null });
    faultRun.faultEnded();
    await faultRun.runningManager();
    await faultRun.switches.setCapacity({ FARGATE_SPOT: NO_CAPACITY, FARGATE: NO_CAPACITY });
    await faultRun.pause(6000);
    await faultRun.switches.setCapacity({ FARGATE_SPOT: null, FARGATE: null });
  },
};

const spotQuota: Fault = {
  name: 'spot-quota-reached',
  title: "the account's quota of Spot vCPUs is reached (RunTask failures); on-demand capacity is available",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    await faultRun.switches.setCapacity({ FARGATE_SPOT: QUOTA_REACHED });
    faultRun.faultEnded();
    const jobs = await faultRun.queue(3);
    await faultRun.jobsFinished(jobs);
    if (faultRun.tasks.some(({ capacityProvider }) => capacityProvider !== 'FARGATE'))
      faultRun.problems.push('a task ran on Spot although its quota was reached');
    for (const job of jobs)
      if (!/quota "Fargate Spot vCPU resource count" is reached/.test(job.trace.text))
        faultRun.problems.push(`the log of ${job.name} does not name the quota`);
  },
};

const allQuotas: Fault = {
  name: 'all-quotas-reached',
  title: 'the quotas of Spot and on-demand are reached for job tasks (RunTask errors): the jobs wait',
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const reached = { ...QUOTA_REACHED, error: true };
    const jobs = await faultRun.queue(3);
    await faultRun.runningManager();
    await faultRun.switches.setCapacity({ FARGATE_SPOT: reached, FARGATE: reached });
    await faultRun.pause(12_000);
    await faultRun.switches.setCapacity({ FARGATE_SPOT: null, FARGATE: null });
    faultRun.faultEnded();
    await faultRun.jobsFinished(jobs);
    if (!jobs.some((job) => /Waiting for capacity/.test(job.trace.text)))
      faultRun.problems.push('no job waited: the quota was not reached as planned');
  },
};

/** Token buckets of the account's request rates that the system uses. */
const BUCKETS: readonly RateBucket[] = [
  'reads',
  'tasks',
  'runTaskCalls',
  'spotTasks',
  'taskDefinitions',
  'tags',
];
/** Seconds for which an emptied bucket rejects every call. */
const EMPTY_SECONDS = 6;

const emptyBuckets: readonly Fault[] = BUCKETS.map((bucket) => ({
  name: `rate-${bucket.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  title: `the account's rate limit for ${bucket} rejects calls for ${EMPTY_SECONDS} s when jobs are queued, and again while they run`,
  runs: 1,
  async run(faultRun) {
    faultRun.addWebhook();
    await faultRun.switches.emptyBuckets({ [bucket]: EMPTY_SECONDS });
    const jobs = await faultRun.queue(3);
    await faultRun.runningManager();
    await faultRun.switches.emptyBuckets({ [bucket]: EMPTY_SECONDS });
    faultRun.faultEnded();
    await faultRun.jobsFinished(jobs);
    await faultRun.switches.emptyBuckets({ [bucket]: EMPTY_SECONDS });
  },
}));

export const awsFaults: readonly Fault[] = [
  ...[
    calm,
    newAccount,
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
