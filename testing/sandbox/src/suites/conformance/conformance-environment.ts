import { type Cleanup, type Log, step } from '@serverless-gitlab-runner/machine';
import type { PreparedMachine } from '../../system/prepare-machine.ts';
import { startTestEnvironment, type TestEnvironment } from '../../system/test-environment.ts';
import type { SuiteFleet } from './conformance-case.ts';
import { createFleetImages } from './private-registry/fleet-images.ts';
import { type PrivateRegistry, startPrivateRegistry } from './private-registry/start-private-registry.ts';
import { buildTrustingManager, reserveTrustingManager } from './private-registry/trust-registry.ts';
import { type Registry, startRegistry } from './start-registry.ts';

/** One manager with as many concurrent jobs as two cores can run, and the limits that some cases rely on. */
const CONFORMANCE_FLEET = {
  manager: { max: 1, concurrentJobs: 6, idleSeconds: 30, checkIntervalSeconds: 1, drainPollSeconds: 1 },
  job: {
    size: { cpu: 512, memory: 1024 },
    maxSize: { cpu: 2048, memory: 8192 },
    maxEphemeralStorageGib: 60,
    startTimeoutSeconds: 120,
    // Both, for the cases of FARGATE_CAPACITY.
    capacity: ['FARGATE_SPOT', 'FARGATE'],
  },
} as const;

/** The environment of all cases, with its registries. */
export interface ConformanceEnvironment extends TestEnvironment {
  registry: Registry;
  /** GitLab's own registry, for the projects' images. */
  privateRegistry: PrivateRegistry;
}

export interface ConformanceEnvironmentOptions {
  log: Log;
  cleanup: Cleanup;
  signal: AbortSignal;
  machine: PreparedMachine;
  /** Separate fleets of suites, in addition to the fleet of all suites. */
  suiteFleets: readonly SuiteFleet[];
}

/** Starts everything that the cases need, once for all of them. */
export async function startConformanceEnvironment(
  options: ConformanceEnvironmentOptions,
): Promise<ConformanceEnvironment> {
  const { log, cleanup, signal, machine, suiteFleets } = options;
  const manager = reserveTrustingManager(machine.images.manager, machine.runId, cleanup);
  let registries: Pick<ConformanceEnvironment, 'registry' | 'privateRegistry'> | undefined;
  const environment = await startTestEnvironment({
    log,
    cleanup,
    machine,
    signal,
    gitlab: async () => ({ traceUpdateInterval: 1 }),
    runner: { description: 'the conformance fleet' },
    fleets: async (started) => {
      registries = await startRegistries(started, options);
      const { privateRegistry } = registries;
      await step(log, 'Manager image that trusts the registry', (inner) =>
        buildTrustingManager({
          name: manager,
          manager: machine.images.manager,
          log: inner,
          caFile: privateRegistry.caFile,
        }),
      );
      const own = await createFleetImages(started.gitlab, privateRegistry, started.emulator.endpoint);
      const job = { ...CONFORMANCE_FLEET.job, capacity: [...CONFORMANCE_FLEET.job.capacity], ...own };
      return {
        machine: { ...machine, images: { ...machine.images, manager } },
        fleet: { manager: CONFORMANCE_FLEET.manager, job },
        otherFleets: suiteFleets.map((fleet) => ({
          ...fleet,
          job: { ...job, imageConfigRegistries: [privateRegistry.open.host] },
        })),
      };
    },
  });
  if (registries === undefined) throw new Error('the registries were not started');
  return { ...environment, ...registries };
}

async function startRegistries(
  { emulator, gitlab }: Pick<TestEnvironment, 'emulator' | 'gitlab'>,
  { machine, log, cleanup }: ConformanceEnvironmentOptions,
): Promise<Pick<ConformanceEnvironment, 'registry' | 'privateRegistry'>> {
  const shared = { runId: machine.runId, networkName: emulator.networkName, log, cleanup };
  const registry = await startRegistry(shared);
  const { gatewayAddress } = emulator;
  return { registry, privateRegistry: await startPrivateRegistry({ ...shared, gatewayAddress, gitlab }) };
}
