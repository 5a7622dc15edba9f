import { accessDenied } from '@serverless-gitlab-runner/fault-proxy';
import { killRunner, killTask } from '../docker-actions.ts';
import type { Fault } from '../fault.ts';
import type { FaultRun } from '../fault-run.ts';
import { smallJobs } from '../small-jobs.ts';

/** Duration of scripts that must still run when the fault happens to their manager, in seconds. */
const LONG = 60;
/** Maximum time for the dead man's switch (30 s here) and the end of its task, in milliseconds. */
const DEAD_MAN_MS = 75_000;
/** Maximum time for a cold start and one small job, in milliseconds. Anything longer counts as lost. */
const DRAINED_JOB_MS = 45_000;
/**
 * Milliseconds from the start of the reaper's sweep to a job's queueing: before and after the drain mark is written, while the
 * manager reads it, while its runner may still request jobs, around SIGQUIT, and while the manager exits.
 */
const DRAIN_OFFSETS_MS = [-400, 0, 600, 1500, 3500, 5500, 7500, 9500];

/** Maximum time in which a manager reports the jobs of a killed runner to GitLab, in milliseconds. */
const REPORT_TIMEOUT_MS = 15_000;

const managerKilled: Fault = {
  name: 'manager-killed',
  title: 'a manager is killed while three jobs run, and two more are queued at that moment',
  runs: 2,
  async run(faultRun) {
    await faultRun.letManagersWait();
    faultRun.addWebhook();
    const jobs = await faultRun.queue(smallJobs(3, LONG));
    await Promise.all(jobs.map((job) => faultRun.scriptStarted(job)));
    const manager = await faultRun.runningManager();
    await killTask(manager.taskArn);
    faultRun.faultEnded();
    await faultRun.queue(2);
    await jobTasksStop(faultRun, 75_000);
    for (const job of jobs) await faultRun.dropStuckJob(job);
  },
};

/** According to its reference, StopTask deletes a task's tags. The page of DescribeTasks says otherwise. */
const managerStopped = (keepsTags: boolean): Fault => ({
  name: keepsTags ? 'manager-stopped-tags-kept' : 'manager-stopped',
  title: `an operator stops a manager that runs jobs, ECS ${keepsTags ? 'keeps' : 'deletes'} its tags, and two more jobs are queued at that moment`,
  runs: 2,
  async run(faultRun) {
    await faultRun.letManagersWait();
    faultRun.addWebhook();
    await faultRun.switches.setStopKeepsTags(keepsTags);
    const jobs = await faultRun.queue(smallJobs(2, 8));
    await Promise.all(jobs.map((job) => faultRun.scriptStarted(job)));
    const manager = await faultRun.runningManager();
    await faultRun.stopTask(manager.taskArn, 'stopped by an operator');
    const more = await faultRun.queue(2);
    faultRun.faultEnded();
    await faultRun.jobsFinished([...jobs, ...more]);
    const { length } = faultRun.tasks.filter(({ role }) => role === 'manager');
    if (length !== 2)
      faultRun.problems.push(`${length} managers ran, expected the one stopped and its replacement`);
  },
});

const managerLogsDenied: Fault = {
  name: 'manager-logs-denied',
  title: "ECS may not create the manager's log stream, so no manager starts",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    await faultRun.switches.setLogsDenied([await faultRun.executionRoleOfManagers()]);
    await faultRun.queue(3);
    await faultRun.waitForTask(
      'the end of a manager',
      ({ role, lastStatus }) => role === 'manager' && lastStatus === 'STOPPED',
    );
    await faultRun.switches.setLogsDenied([]);
    faultRun.faultEnded();
  },
};

const runnerKilled: Fault = {
  name: 'runner-killed',
  title:
    "a manager's gitlab-runner is killed for lack of memory while three jobs run: their logs state the reason",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const jobs = await faultRun.queue(smallJobs(3, LONG));
    await Promise.all(jobs.map((job) => faultRun.scriptStarted(job)));
    for (const job of jobs) faultRun.expectInterruption(job, /SIGKILL.*ran out of memory/);
    // Only the runner knew how much of a log GitLab has: the manager learns it from the refusal.
    faultRun.allowedRefusals.push(/^GitLab refused PATCH .*\/trace: 416/);
    await killRunner((await faultRun.runningManager()).taskArn);
    faultRun.faultEnded();
    await faultRun.jobsFinished(jobs, REPORT_TIMEOUT_MS);
    await faultRun.queue(2);
  },
};

const reaperOff: Fault = {
  name: 'reaper-off',
  title: "the reaper is denied every call, and a manager is killed: the dead man's switch ends its job tasks",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const rule = faultRun.aws({
      match: { caller: 'idle-reaper' },
      effect: { kind: 'answer', answer: accessDenied },
    });
    const jobs = await faultRun.queue(smallJobs(3, 2 * LONG));
    await Promise.all(jobs.map((job) => faultRun.scriptStarted(job)));
    await killTask((await faultRun.runningManager()).taskArn);
    await jobTasksStop(faultRun, DEAD_MAN_MS);
    rule.remove();
    faultRun.faultEnded();
    for (const job of jobs) await faultRun.dropStuckJob(job);
  },
};

const queuedAtDrain: Fault = {
  name: 'queued-at-drain',
  title: 'a job is queued during a drain, at eight different moments around it',
  // Each run tries eight moments.
  runs: 1,
  async run(faultRun) {
    faultRun.addWebhook();
    await faultRun.reaper.pause();
    let jobs = await faultRun.queue(1);
    await faultRun.jobsFinished(jobs);
    for (const offset of DRAIN_OFFSETS_MS) {
      await jobTasksStop(faultRun, 30_000);
      const { idleSeconds } = (await faultRun.fleet.read()).manager;
      // The manager is idle for a little longer than required, so that the next sweep drains it.
      await faultRun.pause((idleSeconds + 1.5) * 1000);
      const sweep = faultRun.pause(Math.max(0, -offset)).then(() => faultRun.reaper.sweep());
      await faultRun.pause(Math.max(0, offset));
      jobs = await faultRun.queue(1);
      await sweep;
      // Depending on the order of the marks, the job may be found only by the next sweep.
      faultRun.reaper.run();
      faultRun.faultEnded();
      const isDone = await faultRun.jobsFinished(jobs, DRAINED_JOB_MS).then(
        () => true,
        () => false,
      );
      if (!isDone)
        faultRun.problems.push(
          `the job queued ${offset} ms after the start of the draining sweep has not ended`,
        );
      await faultRun.reaper.pause();
    }
  },
};

const tokenRevoked: Fault = {
  name: 'runner-token-revoked',
  title: "the fleet's runner token is revoked while no manager runs, and replaced later",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    faultRun.revokeRunners();
    await faultRun.queue(3);
    await faultRun.waitForTask(
      'a manager whose token was refused',
      (task) => task.role === 'manager' && task.exitCodes.includes(78),
    );
    await faultRun.pause(12_000);
    const { length } = faultRun.tasks.filter(({ role }) => role === 'manager');
    if (length > 2) faultRun.problems.push(`${length} managers were started with a revoked token`);
    await faultRun.fleet.change({ safetyLaunchSeconds: 10 });
    await faultRun.newRunner();
    faultRun.faultEnded();
  },
};

async function jobTasksStop(faultRun: FaultRun, timeoutMs: number): Promise<void> {
  await faultRun.environment.observer.waitUntil('the job tasks to stop', timeoutMs, () =>
    faultRun.tasks.every(({ role, lastStatus }) => role !== 'job' || lastStatus === 'STOPPED'),
  );
}

export const managerFaults: readonly Fault[] = [
  managerKilled,
  managerStopped(false),
  managerStopped(true),
  managerLogsDenied,
  runnerKilled,
  reaperOff,
  queuedAtDrain,
  tokenRevoked,
];
