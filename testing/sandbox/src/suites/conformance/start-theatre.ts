import { type GitLabDouble, startGitLabDouble } from '@serverless-gitlab-runner/gitlab-double';
import type { Cleanup } from '@serverless-gitlab-runner/machine';
import { type Log, step } from '@serverless-gitlab-runner/machine';
import { deploySystem, type System } from '../../system/deploy-system.ts';
import { TaskObserver } from '../../system/observe-tasks.ts';
import type { PreparedMachine } from '../../system/prepare-machine.ts';
import { startEmulatorFor } from '../../system/start-emulator.ts';
import type { SuiteFleet } from './conformance-case.ts';
import { giveFleetImages } from './private-registry/fleet-images.ts';
import { type PrivateRegistry, startPrivateRegistry } from './private-registry/start-private-registry.ts';
import { buildTrustingManager, reserveTrustingManager } from './private-registry/trust-registry.ts';
import { type Registry, startRegistry } from './start-registry.ts';

/** One manager with as many jobs at once as two cores carry; limits that the cases about limits name. */
const CONFORMANCE_FLEET = {
  manager: { max: 1, concurrentJobs: 6, idleSeconds: 30, checkIntervalSeconds: 1, drainPollSeconds: 1 },
  job: {
    size: { cpu: 512, memory: 1024 },
    maxSize: { cpu: 2048, memory: 8192 },
    maxEphemeralStorageGib: 60,
    startTimeoutSeconds: 120,
    // Both, for the cases about them.
    capacity: ['FARGATE_SPOT', 'FARGATE'],
  },
} as const;

/** Each delivery beside another is a Lambda of its own, and on one machine they share its cores. */
const CONCURRENT_DELIVERIES = 4;

/** The deployed system, its GitLab, a registry, and who watches. */
export interface Theatre {
  gitlab: GitLabDouble;
  system: System;
  /** The AWS emulator's. */
  endpoint: string;
  observer: TaskObserver;
  registry: Registry;
  /** GitLab's own, for the projects' images. */
  privateRegistry: PrivateRegistry;
}

export interface TheatreOptions {
  log: Log;
  cleanup: Cleanup;
  signal: AbortSignal;
  machine: PreparedMachine;
  /** Fleets that suites have beside that of all. */
  suiteFleets: readonly SuiteFleet[];
}

/** Starts everything that the cases need, once for all of them. */
export async function startTheatre(options: TheatreOptions): Promise<Theatre> {
  const { log, cleanup, signal, machine, suiteFleets } = options;
  const { runId, images } = machine;
  const manager = reserveTrustingManager(images.manager, runId, cleanup);
  const emulator = await startEmulatorFor(log, cleanup, machine);
  const { networkName, gatewayAddress, endpoint } = emulator;
  const registry = await startRegistry({ runId, networkName, log, cleanup });
  const gitlab = await startGitLabDouble({
    host: gatewayAddress,
    concurrentDeliveries: CONCURRENT_DELIVERIES,
    traceUpdateInterval: 1,
  });
  cleanup.add('the GitLab double', () => gitlab.stop());
  const { token: runnerToken } = gitlab.createRunner({ description: 'the conformance fleet' });
  const privateRegistry = await startPrivateRegistry({
    ...{ runId, networkName, gatewayAddress, gitlab, log, cleanup },
  });
  const { caFile } = privateRegistry;
  await step(log, "A manager's image that trusts it", (inner) =>
    buildTrustingManager({ name: manager, manager: images.manager, caFile, log: inner }),
  );
  const fleetRegistries = await giveFleetImages(gitlab, privateRegistry, endpoint);
  const job = { ...CONFORMANCE_FLEET.job, capacity: [...CONFORMANCE_FLEET.job.capacity], ...fleetRegistries };
  const system = await deploySystem({
    ...{ log, emulator, signal, gitlabUrl: gitlab.url, runnerToken },
    machine: { ...machine, images: { ...images, manager } },
    fleet: { manager: CONFORMANCE_FLEET.manager, job },
    otherFleets: suiteFleets.map(({ name, manager }) => ({ name, manager, job })),
  });
  const observer = new TaskObserver(system.ecs, system.outputs.ClusterArn, () => undefined);
  cleanup.add('the observer', () => observer.stop());
  return { gitlab, system, endpoint, observer, registry, privateRegistry };
}
