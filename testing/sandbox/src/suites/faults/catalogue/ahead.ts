import { QUOTA_REACHED } from '@serverless-gitlab-runner/aws-emulator';
import { accessDenied } from '@serverless-gitlab-runner/fault-proxy';
import type { Job } from '@serverless-gitlab-runner/gitlab-double';
import { isStartedAhead, type ObservedTask } from '../../../system/observe-tasks.ts';
import { killTask } from '../docker-actions.ts';
import type { Fault } from '../fault.ts';
import type { FaultRun } from '../fault-run.ts';
import { smallJob } from '../small-jobs.ts';

/** Duration of the script during which the next job's task is started, in seconds. */
const BUILD_SECONDS = 15;
/** Maximum time for the dead man's switch (30 s here) and the end of its task, in milliseconds. */
const DEAD_MAN_MS = 75_000;
const LET_GO_MS = 30_000;
const CLAIMED = /Claimed task \S+, started [\d.]+ s ago[\s\S]*the end/;
const NOT_CLAIMED = /A task was started ahead, but not claimed[\s\S]*the end/;

const build = smallJob('build', BUILD_SECONDS);
const test = smallJob('test');

const aheadClaimed: Fault = {
  name: 'ahead-claimed',
  title: 'no fault: the job of the next stage claims a task that was started ahead',
  runs: 1,
  async run(faultRun) {
    await learn(faultRun);
    const jobs = await faultRun.queueStages([[build], [test]]);
    faultRun.expect(last(jobs), { status: 'success', says: CLAIMED });
    faultRun.faultEnded();
    await faultRun.jobsFinished(jobs);
  },
};

const aheadSpot: Fault = {
  name: 'ahead-spot',
  title: 'Spot interrupts a task that waits to be claimed, and its job gets a task of its own',
  runs: 2,
  async run(faultRun) {
    await learn(faultRun);
    const jobs = await faultRun.queueStages([[build], [test]]);
    await faultRun.switches.interrupt((await waitingTask(faultRun)).taskArn, 3);
    faultRun.faultEnded();
    await faultRun.jobsFinished(jobs);
  },
};

const aheadClaimDenied: Fault = {
  name: 'ahead-claim-denied',
  title: 'the claim of a task cannot be written, and its job gets a task of its own',
  runs: 2,
  async run(faultRun) {
    await learn(faultRun);
    const rule = faultRun.aws({
      match: { operation: 'TagResource', caller: 'manager' },
      effect: { kind: 'answer', answer: accessDenied },
      times: 1,
    });
    const jobs = await faultRun.queueStages([[build], [test]]);
    faultRun.expect(last(jobs), { status: 'success', says: NOT_CLAIMED });
    await faultRun.rulesApplied(rule);
    faultRun.faultEnded();
    await faultRun.jobsFinished(jobs);
  },
};

const aheadInVain: Fault = {
  name: 'ahead-in-vain',
  title: 'the job before it fails, so the task that was started ahead is let go at once',
  runs: 2,
  async run(faultRun) {
    await learn(faultRun);
    const [failing] = await faultRun.queueStages([[{ ...build, script: [...build.script, 'exit 3'] }]]);
    if (!failing) return;
    faultRun.expect(failing, { status: 'failed', says: /the end/ });
    const { taskArn } = await waitingTask(faultRun);
    await faultRun.jobsFinished([failing]);
    faultRun.faultEnded();
    await faultRun.expectStopWithin(taskArn, LET_GO_MS);
  },
};

const aheadQuota: Fault = {
  name: 'ahead-quota',
  title:
    'the quotas are reached when a task is to be started ahead: its job gets one later, and none is started ahead for a while',
  runs: 2,
  async run(faultRun) {
    await learn(faultRun);
    const { first, jobs } = await queuePair(faultRun);
    await faultRun.scriptStarted(first);
    const reached = { ...QUOTA_REACHED, error: true };
    await faultRun.switches.setCapacity({ FARGATE_SPOT: reached, FARGATE: reached });
    const attempt = faultRun.aws({
      match: { operation: 'RunTask', caller: 'manager' },
      effect: { kind: 'delay', ms: 0 },
      times: 1,
    });
    await faultRun.rulesApplied(attempt);
    await faultRun.jobsFinished([first]);
    await faultRun.switches.setCapacity({ FARGATE_SPOT: null, FARGATE: null });
    faultRun.faultEnded();
    await faultRun.jobsFinished(jobs);
    await faultRun.jobsFinished(await faultRun.queueStages([[build], [test]]));
    if (faultRun.tasks.some(({ role, jobId }) => role === 'job' && jobId === undefined))
      faultRun.problems.push('a task was started ahead although the quota had just been reached');
  },
};

const aheadCancelled: Fault = {
  name: 'ahead-cancelled',
  title: 'a job is cancelled while it claims a task: the task ends, and no other job gets it',
  runs: 2,
  async run(faultRun) {
    await learn(faultRun);
    const claim = faultRun.aws({
      match: { operation: 'TagResource', caller: 'manager' },
      effect: { kind: 'delay', ms: 4000 },
      times: 1,
    });
    const { next } = await queuePair(faultRun);
    faultRun.expect(next, { status: 'canceled' });
    const { taskArn } = await waitingTask(faultRun);
    await faultRun.rulesApplied(claim);
    faultRun.environment.gitlab.cancelJob(next.id);
    faultRun.faultEnded();
    await faultRun.expectStopWithin(taskArn, LET_GO_MS);
    const again = await faultRun.retry(next);
    await faultRun.jobsFinished([again]);
    if (faultRun.tasks.some((task) => task.taskArn === taskArn && task.claimedBy === again.id))
      faultRun.problems.push('a job got the task that a cancelled job had claimed');
  },
};

const aheadManagerKilled: Fault = {
  name: 'ahead-manager-killed',
  title: 'a manager is killed while a task that it started ahead waits: the task ends',
  runs: 2,
  async run(faultRun) {
    await learn(faultRun);
    const [job] = await faultRun.queueStages([[{ ...build, script: smallJob('build', 60).script }]]);
    if (!job) return;
    await faultRun.scriptStarted(job);
    const { taskArn } = await waitingTask(faultRun);
    await killTask((await faultRun.runningManager()).taskArn);
    faultRun.faultEnded();
    await faultRun.expectStopWithin(taskArn, DEAD_MAN_MS);
    await faultRun.dropStuckJob(job);
  },
};

/** Lets a manager learn that `test` follows `build`. */
async function learn(faultRun: FaultRun): Promise<void> {
  const { manager, ahead } = await faultRun.fleet.read();
  await faultRun.fleet.change({
    // The jobs' images are local: no registry could be asked about their tags.
    ahead: { ...ahead, start: 'next', tagsAreFixed: true },
    // What it has learned ends with the manager.
    manager: { ...manager, max: 1, idleSeconds: 60 },
  });
  faultRun.addWebhook();
  await faultRun.jobsFinished(await faultRun.queueStages([[build], [test]]));
}

async function queuePair(faultRun: FaultRun) {
  const jobs = await faultRun.queueStages([[build], [test]]);
  const [first, next] = jobs;
  if (!first || !next) throw new Error('the pipeline has no two jobs');
  return { first, next, jobs };
}

function waitingTask(faultRun: FaultRun): Promise<ObservedTask> {
  return faultRun.waitForTask('a task started ahead', isStartedAhead);
}

function last(jobs: readonly Job[]): Job {
  const job = jobs.at(-1);
  if (job === undefined) throw new Error('the pipeline has no job');
  return job;
}

export const aheadFaults: readonly Fault[] = [
  aheadClaimed,
  aheadSpot,
  aheadClaimDenied,
  aheadInVain,
  aheadQuota,
  aheadCancelled,
  aheadManagerKilled,
];
