import type { CaseContext, Expectation, Suite } from '../conformance-case.ts';
import { endsWith, keepsQuietAbout, showsLine } from '../expectations.ts';

/** Seconds from the button to the end of the job's task. */
const STOPPED_WITHIN = 45;

export const CANCEL: Suite = {
  repository: 'cancel',
  cases: [
    {
      keyword: 'cancel',
      name: 'of a running script: canceled, after_script runs, the task stops',
      during: cancelWhenBegun('running'),
      jobs: {
        running: [
          endsWith('canceled'),
          runsAfterScriptIfRunnerCan('after a canceled job'),
          stopsItsTask(),
          ({ log }) => (/^never said/m.test(log.toString('utf8')) ? ['the script went on'] : []),
        ],
      },
    },
    {
      keyword: 'cancel',
      name: 'of a script that does not listen to TERM: killed, and the task stops',
      during: cancelWhenBegun('stubborn'),
      jobs: { stubborn: [endsWith('canceled'), stopsItsTask()] },
    },
    {
      keyword: 'cancel',
      name: 'while the task starts: no task is left',
      during: async ({ gitlab, untilLogged }) => {
        const { id } = await untilLogged('starting', 'Starting a Fargate task');
        gitlab.cancelJob(id);
      },
      jobs: { starting: [endsWith('canceled'), keepsQuietAbout('Job succeeded'), leavesNoTask()] },
    },
  ],
};

export const INTERRUPTIBLE: Suite = {
  repository: 'interruptible',
  project: { autoCancelRedundantPipelines: true },
  cases: [
    {
      keyword: 'interruptible',
      name: 'a newer pipeline of the branch cancels the older one, and its task stops',
      during: async ({ gitlab, pipeline, untilLogged }) => {
        await untilLogged('redundant', 'begun');
        await gitlab.pushCommit(pipeline.project, { message: 'newer', files: { 'newer.txt': 'newer\n' } });
        const newer = await gitlab.createPipeline(pipeline.project, {
          stages: ['test'],
          jobs: [{ name: 'newest', stage: 'test', script: ['echo newest'] }],
        });
        await gitlab.waitForPipeline(newer.id, undefined, 12 * 60_000);
      },
      jobs: { redundant: [endsWith('canceled'), stopsItsTask()] },
    },
  ],
};

function cancelWhenBegun(name: string) {
  return async ({ gitlab, untilLogged }: CaseContext) => {
    const job = await untilLogged(name, '\nbegun');
    gitlab.cancelJob(job.id);
  };
}

/** Runners that can cancel gracefully (since 17.0) run after_script; GitLab ends the jobs of older ones at once. */
function runsAfterScriptIfRunnerCan(line: string): Expectation {
  return (seen) =>
    seen.job.manager?.info?.features?.cancel_gracefully === true ? showsLine(line)(seen) : [];
}

function leavesNoTask(): Expectation {
  return ({ tasks }) =>
    tasks
      .filter(({ lastStatus }) => lastStatus !== 'STOPPED')
      .map(({ taskId, lastStatus }) => `its task ${taskId} is ${lastStatus}`);
}

function stopsItsTask(): Expectation {
  return ({ job, task }) => {
    if (!task?.stoppedAt || !job.finishedAt) return ['its task did not stop'];
    const seconds = (task.stoppedAt.getTime() - job.finishedAt.getTime()) / 1000;
    return seconds <= STOPPED_WITHIN ? [] : [`its task stopped ${seconds} s after the job's end`];
  };
}
