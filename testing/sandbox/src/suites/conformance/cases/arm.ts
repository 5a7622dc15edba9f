import { DescribeTaskDefinitionCommand, DescribeTasksCommand } from '@aws-sdk/client-ecs';
import { estimateCostUsd, fargatePricesOf } from '@serverless-gitlab-runner/fleet';
import { HOST_ARCHITECTURE } from '@serverless-gitlab-runner/machine';
import { DEMO_IMAGES } from '../../../images/demo-images.ts';
import type { CaseContext, Expectation, Suite } from '../conformance-case.ts';
import { failsFor, hasArtifacts, lastsAtMost, says, succeedsWith } from '../expectations.ts';
import { conformanceImage } from '../images.ts';

const X86_ONLY =
  HOST_ARCHITECTURE === 'X86_64' ? DEMO_IMAGES.busybox : conformanceImage('other-architecture');

export const ARM: Suite = {
  repository: 'arm',
  architecture: 'ARM64',
  project: { variables: { X86_ONLY } },
  cases: [
    {
      keyword: 'ARM64',
      name: "chosen by the image's platform: script, git, artifacts and after_script run on ARM64, at its price",
      since: '16.7',
      jobs: {
        'by-platform': [
          ...succeedsWith('the job runs on aarch64', 'from the repository', 'after_script runs on aarch64'),
          hasArtifacts({ 'out/machine.txt': 'aarch64\n' }),
          isPricedAsArm(),
        ],
      },
      during: (context) => runsOnArm(context, 'by-platform'),
    },
    {
      keyword: 'ARM64',
      name: 'chosen by FARGATE_ARCHITECTURE, with a service on ARM64',
      jobs: {
        'by-variable': [...succeedsWith('the job runs on aarch64', 'redis runs on aarch64'), isPricedAsArm()],
      },
      during: (context) => runsOnArm(context, 'by-variable'),
    },
    {
      keyword: 'ARM64',
      name: 'an image for x86 only: script_failure with an explanation, within seconds',
      jobs: {
        'on-x86-only': [
          failsFor('script_failure'),
          says(`${X86_ONLY} is not available for ARM64; choose one that is, or set FARGATE_ARCHITECTURE`),
          lastsAtMost(60),
        ],
      },
    },
  ],
};

/** Checks the architecture of the task definition. @throws if it is not ARM64 */
async function runsOnArm({ system, untilTask }: CaseContext, job: string): Promise<void> {
  const { taskArn } = await untilTask(job, 'RUNNING');
  const { tasks } = await system.ecs.send(
    new DescribeTasksCommand({ cluster: system.outputs.ClusterArn, tasks: [taskArn] }),
  );
  const { taskDefinition } = await system.ecs.send(
    new DescribeTaskDefinitionCommand({ taskDefinition: tasks?.[0]?.taskDefinitionArn }),
  );
  const { cpuArchitecture } = taskDefinition?.runtimePlatform ?? {};
  if (cpuArchitecture !== 'ARM64') throw new Error(`the task of ${job} is defined for ${cpuArchitecture}`);
}

function isPricedAsArm(): Expectation {
  return (facts) => {
    const { cpu = 0, memory = 0, capacityProvider } = facts.task ?? {};
    const provider = capacityProvider === 'FARGATE' ? 'FARGATE' : 'FARGATE_SPOT';
    // The emulator's region; tasks in the created VPC have public addresses.
    const pricing = { prices: fargatePricesOf('us-east-1').prices, hasPublicIp: true };
    const task = { cpu, memory, architecture: 'ARM64', capacityProvider: provider } as const;
    const usage = { ...task, ...pricing, seconds: 3600 };
    return says(`ARM64, about $${estimateCostUsd(usage).toFixed(3)} per hour`)(facts);
  };
}
