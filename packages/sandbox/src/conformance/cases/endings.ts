import { StopTaskCommand } from '@aws-sdk/client-ecs';
import { taskContainerIds } from '../../faults/docker-acts.ts';
import { runCommand } from '../../setup/run-command.ts';
import type { Scene, Suite } from '../conformance-case.ts';
import { failsFor, failsWithExitCode, lastsAtMost, says } from '../expectations.ts';

export const ENDINGS: Suite = {
  repository: 'endings',
  cases: [
    {
      keyword: 'exit code',
      name: '1, 42, 255',
      quick: true,
      jobs: {
        'exit-1': [failsWithExitCode(1)],
        'exit-42': [failsWithExitCode(42)],
        'exit-255': [failsWithExitCode(255)],
      },
    },
    {
      keyword: 'exit code',
      name: 'a script killed by a signal: 128 and its number',
      jobs: {
        'killed-by-signal': [failsWithExitCode(137)],
        'terminated-by-signal': [failsWithExitCode(143)],
      },
    },
    {
      keyword: 'exit code',
      name: 'a command that is not there: 127',
      jobs: { 'command-not-found': [failsWithExitCode(127), says(/no-such-program.*not found/)] },
    },
    {
      keyword: 'end',
      name: 'out of memory: 137, and the log says how much there was and what to set',
      jobs: {
        'out-of-memory': [failsWithExitCode(137), says(/memory/i), says('FARGATE_MEMORY')],
      },
    },
    {
      keyword: 'end',
      name: "the job's container is killed: runner_system_failure in words, within seconds",
      act: async (scene) => {
        const { taskArn } = await begun(scene, 'container-killed');
        const build = (await taskContainerIds(taskArn)).get('build');
        await runCommand('docker', ['kill', '--signal', 'KILL', build ?? '']);
      },
      jobs: {
        'container-killed': [
          failsFor('runner_system_failure'),
          says("The job's container ended with exit code 137"),
          lastsAtMost(75),
        ],
      },
    },
    {
      keyword: 'end',
      name: 'StopTask by somebody else: runner_system_failure, with their words',
      act: async (scene) => {
        const { taskArn } = await begun(scene, 'task-stopped');
        const { ecs, outputs } = scene.system;
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
      act: async (scene) => {
        const { taskArn } = await begun(scene, 'spot-interruption');
        await fetch(`${scene.endpoint}/_fargate/interrupt`, {
          method: 'POST',
          body: JSON.stringify({ task: taskArn, seconds: 2 }),
        });
      },
      jobs: {
        'spot-interruption': [
          failsFor('runner_system_failure'),
          says('AWS took the Spot capacity of this job back'),
          lastsAtMost(75),
        ],
      },
    },
    {
      keyword: 'end',
      name: 'a script that kills every process it may: it fails, and within a minute',
      jobs: { 'kills-everything': [fails(), lastsAtMost(75)] },
    },
  ],
};

async function begun({ untilLogged, untilTask }: Scene, name: string) {
  await untilLogged(name, '\nbegun');
  return untilTask(name, 'RUNNING');
}

function fails() {
  return ({ job }: { job: { status: string } }) =>
    job.status === 'failed' ? [] : [`it ended as ${job.status}`];
}
