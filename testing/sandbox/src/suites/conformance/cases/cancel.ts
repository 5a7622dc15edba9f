import type { CaseContext, Expectation, Suite } from '../conformance-case.ts';
import { doesNotSay, endsWith, showsLine } from '../expectations.ts';

/** Maximum time from the job's end to the stop of its task, in seconds. */
const MAX_STOP_SECONDS = 45;

export const CANCEL: Suite = {
  repository: 'cancel',
  cases: [
    {
      keyword: 'cancel',
      name: 'a running script: canceled, after_script runs, the task stops',
      during: cancelWhenStarted('running'),
      jobs: {
        running: [
          endsWith('canceled'),
          runsAfterScriptIfRunnerCan('after a canceled job'),
          stopsItsTask(),
          ({ log }) => (/^never said/m.test(log.toString('utf8')) ? ['the script continued'] : []),
        ],
      },
    },
    {
      keyword: 'cancel',
      name: 'a script that ignores TERM: killed, and the task stops',
      during: cancelWhenStarted('stubborn'),
      jobs: { stubborn: [endsWith('canceled'), stopsItsTask()] },
    },
    {
      keyword: 'cancel',
      name: 'a job whose task is starting: no task is left',
      during: async ({ gitlab, untilLogged }) => {
        const { id } = await untilLogged('starting', 'Starting a Fargate task');
        gitlab.cancelJob(id);
      },
      jobs: { starting: [endsWith('canceled'), doesNotSay('Job succeeded'), leavesNoTask()] },
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

function cancelWhenStarted(name: string) {
  return async ({ gitlab, untilLogged }: CaseContext) => {
    const job = await untilLogged(name, '\nbegun');
    gitlab.cancelJob(job.id);
  };
}

/** Runners that can cancel gracefully (from 17.0 on) run after_script. GitLab ends the jobs of older runners at once. */
function runsAfterScriptIfRunnerCan(line: string): Expectation {
  return (facts) =>
    facts.job.manager?.info?.features?.cancel_gracefully === true ? showsLine(line)(facts) : [];
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
    return seconds <= MAX_STOP_SECONDS ? [] : [`its task stopped ${seconds} s after the job's end`];
  };
}
