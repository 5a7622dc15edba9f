import { DescribeTasksCommand, ListTasksCommand, type Task } from '@aws-sdk/client-ecs';
import { BUILD_CONTAINER, isAheadGroup, jobFamilyPrefix } from '@serverless-gitlab-runner/fleet';
import { runCommand, until } from '@serverless-gitlab-runner/machine';
import { DEMO_IMAGES } from '../../../images/demo-images.ts';
import { taskContainerIds } from '../../faults/docker-actions.ts';
import type { CaseContext, Suite } from '../conformance-case.ts';
import { succeedsWith } from '../expectations.ts';

const FLEET = 'moving';
const IMAGE = 'moving/app:1';
const AHEAD_TIMEOUT_MS = 3 * 60_000;
const POLL_MS = 500;

/** The first pipeline teaches the manager what follows `build`. In the second one, the image of `test` is replaced meanwhile. */
export const MOVING_TAG: Suite = {
  repository: 'moving-tag',
  fleet: {
    name: FLEET,
    manager: { max: 1, concurrentJobs: 4, idleSeconds: 60, checkIntervalSeconds: 1, drainPollSeconds: 1 },
    ahead: { start: 'next', maxVcpu: 4 },
  },
  prepare: async ({ privateRegistry: { open } }) => {
    await open.push(DEMO_IMAGES.busybox, 'moving/build:1');
    await open.push(DEMO_IMAGES.busybox, IMAGE);
    return { OPEN_REGISTRY: open.host };
  },
  earlierPipelines: [{ configuration: 'first.yml' }],
  cases: [
    {
      keyword: 'ahead',
      name: 'a job whose tag has moved since its task was started ahead runs the new image',
      jobs: {
        build: succeedsWith(),
        test: succeedsWith('this job runs in posix-sh'),
      },
      during: moveTag,
    },
  ],
};

async function moveTag({ system, openRegistry, untilTask }: CaseContext): Promise<void> {
  const build = await untilTask('build', 'RUNNING');
  await until('a task that was started ahead', () => findAheadTask(system), AHEAD_TIMEOUT_MS, POLL_MS);
  await openRegistry.push(DEMO_IMAGES.posixSh, IMAGE);
  const container = (await taskContainerIds(build.taskArn)).get(BUILD_CONTAINER);
  if (container === undefined) throw new Error('the build job has no build container');
  await runCommand('docker', ['exec', container, 'touch', '/tmp/go']);
}

/** Finds a running task that waits for a job. */
async function findAheadTask({ ecs, outputs }: CaseContext['system']): Promise<Task | undefined> {
  const cluster = outputs.ClusterArn;
  const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster }));
  if (taskArns.length === 0) return undefined;
  const { tasks = [] } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }));
  return tasks.find(
    ({ group = '', lastStatus, taskDefinitionArn = '' }) =>
      isAheadGroup(group) &&
      lastStatus === 'RUNNING' &&
      taskDefinitionArn.includes(`/${jobFamilyPrefix(FLEET)}`),
  );
}
