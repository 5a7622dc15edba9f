import { BUILD_CONTAINER } from '@serverless-gitlab-runner/fleet';
import { runCommand } from '@serverless-gitlab-runner/machine';
import { DEMO_IMAGES } from '../../../images/demo-images.ts';
import { taskContainerId } from '../../faults/docker-actions.ts';
import type { CaseContext, Suite } from '../conformance-case.ts';
import { succeedsWith } from '../expectations.ts';

const FLEET = 'moving';
const IMAGE = 'moving/app:1';

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

async function moveTag({ openRegistry, untilTask, untilWaitingTask }: CaseContext): Promise<void> {
  const { taskArn } = await untilTask('build', 'RUNNING');
  await untilWaitingTask(FLEET);
  await openRegistry.push(DEMO_IMAGES.posixSh, IMAGE);
  await runCommand('docker', ['exec', await taskContainerId(taskArn, BUILD_CONTAINER), 'touch', '/tmp/go']);
}
