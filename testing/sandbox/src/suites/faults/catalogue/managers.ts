import { accessDenied } from '@serverless-gitlab-runner/fault-proxy';
import { killRunner, killTask } from '../docker-actions.ts';
import type { Fault } from '../fault.ts';
import type { FaultRun } from '../fault-run.ts';
import { smallJobs } from '../small-jobs.ts';

/** Seconds of scripts that are to be under way when something happens to their manager. */
const LONG = 60;
/** Milliseconds that the dead man's switch (30 s here) and the end of its task may take. */
const DEAD_MAN_MS = 75_000;
/** Milliseconds for a cold start and one small job: what takes longer waits for a miracle. */
const DRAINED_JOB_MS = 45_000;
/**
 * Milliseconds of the reaper's time around which a job is queued: before and after the drain mark is written, while the
 * manager learns of it, while its runner may still ask, around SIGQUIT, and while the manager leaves.
 */
const DRAIN_OFFSETS_MS = [-400, 0, 600, 1500, 3500, 5500, 7500, 9500];

/** Milliseconds in which a manager tells GitLab of the jobs whose runner died. */
const TOLD_MS = 15_000;

const managerKilled: Fault = {
  name: 'manager-killed',
  title: 'a manager is killed with three jobs running, and two more are queued in that moment',
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const jobs = await faultRun.queue(smallJobs(3, LONG));
    await Promise.all(jobs.map((job) => faultRun.scriptBegan(job)));
    const manager = await faultRun.manager();
    await killTask(manager.taskArn);
    faultRun.recovering();
    await faultRun.queue(2);
    await jobTasksStop(faultRun, 75_000);
    for (const job of jobs) await faultRun.giveUp(job);
  },
};

/** StopTask deletes a task's tags, says its reference; DescribeTasks' page reads otherwise. */
const managerStopped = (keepsTags: boolean): Fault => ({
  name: keepsTags ? 'manager-stopped-tags-kept' : 'manager-stopped',
  title: `an operator stops a manager that has jobs, ECS ${keepsTags ? 'keeps' : 'deletes'} its tags, and two more are queued in that moment`,
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    await faultRun.switches.setStopKeepsTags(keepsTags);
    const jobs = await faultRun.queue(smallJobs(2, 8));
    await Promise.all(jobs.map((job) => faultRun.scriptBegan(job)));
    const manager = await faultRun.manager();
    await faultRun.stopTask(manager.taskArn, 'an operator looked at it');
    const more = await faultRun.queue(2);
    faultRun.recovering();
    await faultRun.finished([...jobs, ...more]);
    const { length } = faultRun.tasks.filter(({ role }) => role === 'manager');
    if (length !== 2)
      faultRun.wrong.push(`${length} managers ran, expected the one stopped and its replacement`);
  },
});

const managerLogsDenied: Fault = {
  name: 'manager-logs-denied',
  title: "ECS is denied its own call to open the manager's log, so that no manager starts",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    await faultRun.switches.setLogsDenied([await faultRun.executionRoleOfManagers()]);
    await faultRun.queue(3);
    await faultRun.task(
      'the end of a manager',
      ({ role, lastStatus }) => role === 'manager' && lastStatus === 'STOPPED',
    );
    await faultRun.switches.setLogsDenied([]);
    faultRun.recovering();
  },
};

const runnerKilled: Fault = {
  name: 'runner-killed',
  title: "a manager's gitlab-runner is killed for want of memory, with three jobs running: they are told why",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const jobs = await faultRun.queue(smallJobs(3, LONG));
    await Promise.all(jobs.map((job) => faultRun.scriptBegan(job)));
    for (const job of jobs) faultRun.interrupts(job, /SIGKILL.*ran out of memory/);
    // How much of a log GitLab has, only the runner knew: the manager learns it from the refusal.
    faultRun.mayBeRefused.push(/^GitLab refused PATCH .*\/trace: 416/);
    await killRunner((await faultRun.manager()).taskArn);
    faultRun.recovering();
    await faultRun.finished(jobs, TOLD_MS);
    await faultRun.queue(2);
  },
};

const reaperOff: Fault = {
  name: 'reaper-off',
  title: 'the reaper is denied everything, and a manager is killed: the dead man ends its job tasks',
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const rule = faultRun.aws({
      match: { caller: 'idle-reaper' },
      effect: { kind: 'answer', answer: accessDenied },
    });
    const jobs = await faultRun.queue(smallJobs(3, 2 * LONG));
    await Promise.all(jobs.map((job) => faultRun.scriptBegan(job)));
    await killTask((await faultRun.manager()).taskArn);
    await jobTasksStop(faultRun, DEAD_MAN_MS);
    rule.remove();
    faultRun.recovering();
    for (const job of jobs) await faultRun.giveUp(job);
  },
};

const queuedAtDrain: Fault = {
  name: 'queued-at-drain',
  title: 'jobs are queued in the very moment of the drain, at eight moments around it',
  // Eight moments each.
  runs: 1,
  async run(faultRun) {
    faultRun.addWebhook();
    await faultRun.reaper.pause();
    let jobs = await faultRun.queue(1);
    await faultRun.finished(jobs);
    for (const offset of DRAIN_OFFSETS_MS) {
      await jobTasksStop(faultRun, 30_000);
      const { idleSeconds } = (await faultRun.fleet.read()).manager;
      // A moment more than idle: the next sweep drains.
      await faultRun.pause((idleSeconds + 1.5) * 1000);
      const sweep = faultRun.pause(Math.max(0, -offset)).then(() => faultRun.reaper.sweep());
      await faultRun.pause(Math.max(0, offset));
      jobs = await faultRun.queue(1);
      await sweep;
      // What an earlier or later mark leaves to the next sweep is found there.
      faultRun.reaper.run();
      faultRun.recovering();
      const isDone = await faultRun.finished(jobs, DRAINED_JOB_MS).then(
        () => true,
        () => false,
      );
      if (!isDone)
        faultRun.wrong.push(`the job queued ${offset} ms after the drain's sweep began has not ended`);
      await faultRun.reaper.pause();
    }
  },
};

const tokenRevoked: Fault = {
  name: 'runner-token-revoked',
  title: "the fleet's runner token is revoked while no manager runs; later there is a new one",
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    faultRun.revokeRunners();
    await faultRun.queue(3);
    await faultRun.task(
      'a manager whose token was refused',
      (task) => task.role === 'manager' && task.exitCodes.includes(78),
    );
    await faultRun.pause(12_000);
    const { length } = faultRun.tasks.filter(({ role }) => role === 'manager');
    if (length > 2) faultRun.wrong.push(`${length} managers were started with a token that GitLab refuses`);
    await faultRun.fleet.change({ safetyLaunchSeconds: 10 });
    await faultRun.newRunner();
    faultRun.recovering();
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
