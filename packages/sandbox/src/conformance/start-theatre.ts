import { TaskObserver } from '../demo/observe-tasks.ts';
import { type GitLabDouble, startGitLabDouble } from '../gitlab-double/index.ts';
import type { Cleanup } from '../setup/cleanup.ts';
import type { Log } from '../setup/progress.ts';
import { deploySystem, type System } from '../system/deploy-system.ts';
import type { PreparedMachine } from '../system/prepare-machine.ts';
import { startEmulatorFor } from '../system/start-emulator.ts';
import { type Registry, startRegistry } from './start-registry.ts';

/** One manager with as many jobs at once as two cores carry; limits that the cases about limits name. */
const CONFORMANCE_FLEET = {
  manager: { max: 1, concurrentJobs: 6, idleSeconds: 30, checkIntervalSeconds: 1, drainPollSeconds: 1 },
  job: {
    size: { cpu: 512, memory: 1024 },
    maxSize: { cpu: 2048, memory: 8192 },
    maxEphemeralStorageGib: 60,
    startTimeoutSeconds: 120,
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
}

export interface TheatreOptions {
  log: Log;
  cleanup: Cleanup;
  signal: AbortSignal;
  machine: PreparedMachine;
}

/** Starts everything that the cases need, once for all of them. */
export async function startTheatre({ log, cleanup, signal, machine }: TheatreOptions): Promise<Theatre> {
  const emulator = await startEmulatorFor(log, cleanup, machine);
  const { runId } = machine;
  const registry = await startRegistry({ runId, networkName: emulator.networkName, log, cleanup });
  const gitlab = await startGitLabDouble({
    host: emulator.gatewayAddress,
    concurrentDeliveries: CONCURRENT_DELIVERIES,
    traceUpdateInterval: 1,
  });
  cleanup.add('the GitLab double', () => gitlab.stop());
  const { token: runnerToken } = gitlab.createRunner({ description: 'the conformance fleet' });
  const system = await deploySystem({
    ...{ log, machine, emulator, signal, gitlabUrl: gitlab.url, runnerToken },
    fleet: CONFORMANCE_FLEET,
  });
  gitlab.addWebhook({ url: system.webhookUrl, token: system.webhookSecret });
  const observer = new TaskObserver(system.ecs, system.outputs.ClusterArn, () => undefined);
  cleanup.add('the observer', () => observer.stop());
  return { gitlab, system, endpoint: emulator.endpoint, observer, registry };
}
