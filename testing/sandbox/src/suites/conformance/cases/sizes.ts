import type { Expectation, Suite } from '../conformance-case.ts';
import { hasSize, isRefused, says, succeeds } from '../expectations.ts';

export const SIZES: Suite = {
  repository: 'sizes',
  cases: [
    {
      keyword: 'FARGATE_CPU, FARGATE_MEMORY',
      name: "not set: the fleet's size",
      quick: true,
      jobs: { 'default-size': [succeeds(), hasSize(512, 1024)] },
    },
    {
      keyword: 'FARGATE_CPU, FARGATE_MEMORY',
      name: 'in vCPUs, CPU units, MiB and GB; memory alone',
      jobs: {
        'cpu-and-memory': [succeeds(), hasSize(256, 512)],
        units: [succeeds(), hasSize(2048, 4096)],
        'memory-only': [succeeds(), hasSize(1024, 6144)],
      },
    },
    {
      keyword: 'FARGATE_CPU, FARGATE_MEMORY',
      name: 'between two sizes of Fargate: the next larger one, and the log says so',
      jobs: { 'between-steps': [succeeds(), hasSize(1024, 3072), says('using the next larger size')] },
    },
    {
      keyword: 'FARGATE_CPU, FARGATE_MEMORY',
      name: "above the fleet's limit, or not a number: refused at once with the allowed sizes",
      jobs: {
        'too-large': isRefused(/more than this fleet's limit.*[\s\S]*This fleet allows/),
        'no-number': isRefused('FARGATE_CPU is "lots"'),
      },
    },
    {
      keyword: 'KUBERNETES_CPU_…, KUBERNETES_MEMORY_…',
      name: 'requests for the Kubernetes executor are used if no variable of Fargate is set, and the log says so',
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
      name: 'within the limit: used; above it: refused at once',
      jobs: {
        storage: [succeeds()],
        'storage-too-large': isRefused('this fleet allows 20 to 60 GB'),
      },
    },
    {
      keyword: 'FARGATE_CAPACITY',
      name: 'on-demand and Spot are used; an unknown value is refused at once',
      jobs: {
        'on-demand': [succeeds(), ranOn('FARGATE')],
        spot: [succeeds(), ranOn('FARGATE_SPOT')],
        'no-such-capacity': isRefused('this fleet allows FARGATE_SPOT, FARGATE'),
      },
    },
    {
      keyword: 'FARGATE_ARCHITECTURE',
      name: 'an unsupported architecture: refused at once with the supported ones',
      jobs: { 'no-such-architecture': isRefused('this fleet allows X86_64, ARM64') },
    },
  ],
};

function ranOn(provider: string): Expectation {
  return ({ task }) =>
    task?.capacityProvider === provider ? [] : [`the task ran on ${task?.capacityProvider}`];
}
