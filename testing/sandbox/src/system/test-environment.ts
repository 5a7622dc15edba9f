import type { Emulator, EmulatorOptions } from '@serverless-gitlab-runner/aws-emulator';
import {
  type GitLabDouble,
  type GitLabDoubleOptions,
  startGitLabDouble,
} from '@serverless-gitlab-runner/gitlab-double';
import type { Cleanup, Log } from '@serverless-gitlab-runner/machine';
import { type DeploySystemOptions, deploySystem, type System } from './deploy-system.ts';
import { TaskObserver } from './observe-tasks.ts';
import type { PreparedMachine } from './prepare-machine.ts';
import { startEmulatorFor } from './start-emulator.ts';

/**
 * Webhook deliveries at one time: each beside another is a Lambda of its own, and on one machine they share its cores.
 */
const CONCURRENT_DELIVERIES = 4;

/** The deployed system with its AWS, its GitLab, and who watches its tasks: what demo, faults and conformance stand on. */
export interface TestEnvironment {
  machine: PreparedMachine;
  emulator: Emulator;
  gitlab: GitLabDouble;
  system: System;
  observer: TaskObserver;
}

/** What the fleets are given beyond what is the same everywhere. */
export type FleetOptions = Pick<DeploySystemOptions, 'fleet' | 'otherFleets' | 'apiToken'>;

export interface TestEnvironmentOptions {
  log: Log;
  cleanup: Cleanup;
  machine: PreparedMachine;
  signal?: AbortSignal;
  /** Of the AWS emulator. */
  emulator?: Pick<EmulatorOptions, 'stoppedTasksKeptSeconds' | 'taskEndpoint'>;
  /** Of the GitLab double, once the network is there. */
  gitlab?: (gatewayAddress: string) => Promise<Partial<GitLabDoubleOptions>>;
  /** The runner that GitLab has for the first fleet. */
  runner: Parameters<GitLabDouble['createRunner']>[0];
  /** The fleets, once AWS and GitLab run: registries, for example, stand beside these. */
  fleets(
    parts: Pick<TestEnvironment, 'emulator' | 'gitlab' | 'machine'>,
  ): Promise<FleetOptions & Partial<Pick<TestEnvironment, 'machine'>>>;
  /** Told of every task that changes. */
  onTaskChange?: ConstructorParameters<typeof TaskObserver>[2];
}

/** Starts the emulator and the GitLab double, deploys the system between them, and watches its tasks. */
export async function startTestEnvironment(options: TestEnvironmentOptions): Promise<TestEnvironment> {
  const { log, cleanup, machine, signal } = options;
  const emulator = await startEmulatorFor(log, cleanup, machine, options.emulator);
  const gitlab = await startGitLabDouble({
    host: emulator.gatewayAddress,
    concurrentDeliveries: CONCURRENT_DELIVERIES,
    ...(await options.gitlab?.(emulator.gatewayAddress)),
  });
  cleanup.add('the GitLab double', () => gitlab.stop());
  const { token: runnerToken } = gitlab.createRunner(options.runner);
  const system = await deploySystem({
    ...{ log, machine, emulator, gitlabUrl: gitlab.url, runnerToken },
    ...(await options.fleets({ emulator, gitlab, machine })),
    ...(signal ? { signal } : {}),
  });
  const observer = new TaskObserver(system.ecs, system.outputs.ClusterArn, options.onTaskChange ?? ignore);
  cleanup.add('the observer', () => observer.stop());
  return { machine, emulator, gitlab, system, observer };
}

function ignore(): void {}
