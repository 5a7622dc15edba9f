import { StopTaskCommand } from '@aws-sdk/client-ecs';
import { BUILD_CONTAINER, HELPER_CONTAINER } from '@serverless-gitlab-runner/fleet';
import { runCommand } from '@serverless-gitlab-runner/machine';
import { taskContainerId } from '../../faults/docker-actions.ts';
import type { CaseContext, Expectation, Suite } from '../conformance-case.ts';
import { failsFor, failsWithExitCode, lastsAtMost, says, succeedsWith } from '../expectations.ts';

export const ENDINGS: Suite = {
  repository: 'endings',
  cases: [
    {
      keyword: 'exit code',
      name: '1, 42 and 255 are reported',
      quick: true,
      jobs: {
        'exit-1': [failsWithExitCode(1)],
        'exit-42': [failsWithExitCode(42)],
        'exit-255': [failsWithExitCode(255)],
      },
    },
    {
      keyword: 'exit code',
      name: 'a script killed by a signal: 128 plus its number',
      jobs: {
        'killed-by-signal': [failsWithExitCode(137)],
        'terminated-by-signal': [failsWithExitCode(143)],
      },
    },
    {
      keyword: 'exit code',
      name: 'a command that does not exist: 127',
      jobs: { 'command-not-found': [failsWithExitCode(127), says(/no-such-program.*not found/)] },
    },
    {
      keyword: 'end',
      name: 'out of memory: 137, and the log says how much memory the task had and what to set',
      jobs: {
        'out-of-memory': [failsWithExitCode(137), says(/memory/i), says('FARGATE_MEMORY')],
      },
    },
    {
      keyword: 'end',
      name: "the job's container is killed: runner_system_failure with the cause, within seconds",
      during: async (context) => {
        const { taskArn } = await runningTask(context, 'container-killed');
        const build = await taskContainerId(taskArn, BUILD_CONTAINER);
        await runCommand('docker', ['kill', '--signal', 'KILL', build]);
      },
      jobs: {
        'container-killed': [
          failsFor('runner_system_failure'),
          says('The build container exited with code 137'),
          lastsAtMost(75),
        ],
      },
    },
    {
      keyword: 'end',
      name: 'StopTask by an operator: runner_system_failure with the given reason',
      during: async (context) => {
        const { taskArn } = await runningTask(context, 'task-stopped');
        const { ecs, outputs } = context.system;
        const reason = 'stopped by an operator';
        await ecs.send(new StopTaskCommand({ cluster: outputs.ClusterArn, task: taskArn, reason }));
      },
      jobs: {
        'task-stopped': [
          failsFor('runner_system_failure'),
          says(/stopped from outside.*stopped by an operator/),
          lastsAtMost(75),
        ],
      },
    },
    {
      keyword: 'end',
      name: 'a Spot interruption: runner_system_failure, and the log says how to avoid it',
      during: async (context) => {
        const { taskArn } = await runningTask(context, 'spot-interruption');
        await fetch(`${context.endpoint}/_fargate/interrupt`, {
          method: 'POST',
          body: JSON.stringify({ task: taskArn, seconds: 2 }),
        });
      },
      jobs: {
        'spot-interruption': [
          failsFor('runner_system_failure'),
          says('AWS reclaimed the Spot capacity of this job'),
          lastsAtMost(75),
        ],
      },
    },
    {
      keyword: 'end',
      name: 'a Spot interruption of a job that finishes within the two minutes: success, with after_script and artifacts',
      during: async (context) => {
        const { taskArn } = await runningTask(context, 'spot-in-time');
        await fetch(`${context.endpoint}/_fargate/interrupt`, {
          method: 'POST',
          body: JSON.stringify({ task: taskArn }),
        });
      },
      jobs: {
        'spot-in-time': [
          ...succeedsWith('finished in time'),
          says(/AWS reclaims this Spot task at \d\d:\d\d:\d\d UTC\. A job that finishes by then succeeds/),
          ({ files }) => (files.has('late.txt') ? [] : ['its artifact is missing']),
          stopsWithin(20),
        ],
      },
    },
    {
      keyword: 'end',
      name: 'the helper is killed: the log names it as the cause, once',
      during: async (context) => {
        const { taskArn } = await runningTask(context, 'helper-killed');
        const helper = await taskContainerId(taskArn, HELPER_CONTAINER);
        await runCommand('docker', ['kill', '--signal', 'KILL', helper]);
      },
      jobs: {
        'helper-killed': [
          failsFor('runner_system_failure'),
          says('The helper container exited with code 137'),
          saysOnce(/ERROR: The /g),
          lastsAtMost(75),
        ],
      },
    },
    {
      keyword: 'end',
      name: "a job and a service that ignore TERM, on Spot: their task stops within seconds of the job's end",
      jobs: { 'ignores-term': [...succeedsWith('the script is over'), stopsWithin(15)] },
    },
    {
      keyword: 'end',
      name: 'a script that kills every process it can: the job fails within a minute',
      jobs: { 'kills-everything': [fails(), lastsAtMost(75)] },
    },
  ],
};

async function runningTask({ untilLogged, untilTask }: CaseContext, name: string) {
  await untilLogged(name, '\nbegun');
  return untilTask(name, 'RUNNING');
}

/** The task stopped within `seconds` of the job's end. AWS bills this time, too. */
function stopsWithin(seconds: number): Expectation {
  return ({ job, task }) => {
    if (!task?.stoppedAt || !job.finishedAt) return ['its task did not stop'];
    const delay = (task.stoppedAt.getTime() - job.finishedAt.getTime()) / 1000;
    return delay <= seconds ? [] : [`its task stopped ${delay} s after the job's end`];
  };
}

function saysOnce(pattern: RegExp): Expectation {
  return ({ log }) => {
    const count = log.toString('utf8').match(pattern)?.length ?? 0;
    return count === 1 ? [] : [`the log says ${pattern} ${count} times`];
  };
}

function fails() {
  return ({ job }: { job: { status: string } }) =>
    job.status === 'failed' ? [] : [`the job ended as ${job.status}`];
}
