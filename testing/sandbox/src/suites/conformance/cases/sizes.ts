import type { Expectation, Suite } from '../conformance-case.ts';
import { hasSize, isRefused, says, succeeds } from '../expectations.ts';

export const SIZES: Suite = {
  repository: 'sizes',
  cases: [
    {
      keyword: 'FARGATE_CPU, FARGATE_MEMORY',
      name: "none: the fleet's size",
      quick: true,
      jobs: { 'default-size': [succeeds(), hasSize(512, 1024)] },
    },
    {
      keyword: 'FARGATE_CPU, FARGATE_MEMORY',
      name: 'in vCPUs, units, MiB, GB; memory alone',
      jobs: {
        'cpu-and-memory': [succeeds(), hasSize(256, 512)],
        units: [succeeds(), hasSize(2048, 4096)],
        'memory-only': [succeeds(), hasSize(1024, 6144)],
      },
    },
    {
      keyword: 'FARGATE_CPU, FARGATE_MEMORY',
      name: 'between two steps: the next one up, and the log says so',
      jobs: { 'between-steps': [succeeds(), hasSize(1024, 3072), says('using the next larger size')] },
    },
    {
      keyword: 'FARGATE_CPU, FARGATE_MEMORY',
      name: 'more than the fleet allows, or no number: refused at once with what is allowed',
      jobs: {
        'too-large': isRefused(/more than this fleet's limit.*[\s\S]*This fleet allows/),
        'no-number': isRefused('FARGATE_CPU is "lots"'),
      },
    },
    {
      keyword: 'KUBERNETES_CPU_…, KUBERNETES_MEMORY_…',
      name: "what jobs ask of the Kubernetes executor counts where nothing of Fargate's is set, and the log says so",
      jobs: {
        'of-kubernetes': [
          succeeds(),
          hasSize(256, 1024),
          says('The size comes from KUBERNETES_CPU_REQUEST and KUBERNETES_MEMORY_LIMIT'),
        ],
      },
    },
    {
      keyword: 'FARGATE_EPHEMERAL_STORAGE',
      name: 'within the limit, and above it',
      jobs: {
        storage: [succeeds()],
        'storage-too-large': isRefused('this fleet allows 20 to 60 GB'),
      },
    },
    {
      keyword: 'FARGATE_CAPACITY',
      name: 'on demand, Spot, and what there is not',
      jobs: {
        'on-demand': [succeeds(), ranOn('FARGATE')],
        spot: [succeeds(), ranOn('FARGATE_SPOT')],
        'no-such-capacity': isRefused('this fleet allows FARGATE_SPOT, FARGATE'),
      },
    },
    {
      keyword: 'FARGATE_ARCHITECTURE',
      name: 'what Fargate has not: refused at once with what it has',
      jobs: { 'no-such-architecture': isRefused('this fleet allows X86_64, ARM64') },
    },
  ],
};

function ranOn(provider: string): Expectation {
  return ({ task }) =>
    task?.capacityProvider === provider ? [] : [`the task ran on ${task?.capacityProvider}`];
}
