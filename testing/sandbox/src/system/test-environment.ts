import type { Emulator } from '@serverless-gitlab-runner/aws-emulator';
import {
  type GitLabDouble,
  type GitLabDoubleOptions,
  startGitLabDouble,
} from '@serverless-gitlab-runner/gitlab-double';
import type { Cleanup, Log } from '@serverless-gitlab-runner/machine';
import { type DeploySystemOptions, deploySystem, type System } from './deploy-system.ts';
import { TaskObserver } from './observe-tasks.ts';
import type { PreparedMachine } from './prepare-machine.ts';
import { reachableUrl } from './reachable-url.ts';
import { type EmulatorSettings, startEmulatorFor } from './start-emulator.ts';

/**
 * Maximum number of concurrent webhook deliveries. Each concurrent delivery runs in a Lambda process of its own, and all share
 * the machine's cores.
 */
const CONCURRENT_DELIVERIES = 4;

/** The deployed system with its AWS emulator, its GitLab double and a task observer. Demo, faults and conformance use it. */
export interface TestEnvironment {
  machine: PreparedMachine;
  emulator: Emulator;
  gitlab: GitLabDouble;
  system: System;
  observer: TaskObserver;
}

/** Settings of the fleets that differ between suites. */
export type FleetOptions = Pick<DeploySystemOptions, 'fleet' | 'otherFleets' | 'apiToken'>;

export interface TestEnvironmentOptions extends Pick<DeploySystemOptions, 'deploy'> {
  log: Log;
  cleanup: Cleanup;
  machine: PreparedMachine;
  signal?: AbortSignal;
  /** Options of the AWS emulator. */
  emulator?: EmulatorSettings;
  /** Options of the GitLab double, requested once the network exists. */
  gitlab?: (gatewayAddress: string) => Promise<Partial<GitLabDoubleOptions>>;
  /** The runner to create in GitLab for the first fleet. */
  runner: Parameters<GitLabDouble['createRunner']>[0];
  /** Returns the fleets. Called once AWS and GitLab run, so that it can start further servers such as registries. */
  fleets(
    started: Pick<TestEnvironment, 'emulator' | 'gitlab' | 'machine'>,
  ): Promise<FleetOptions & Partial<Pick<TestEnvironment, 'machine'>>>;
  /** Called for every task that changes. */
  onTaskChange?: ConstructorParameters<typeof TaskObserver>[2];
}

/** Starts the emulator and the GitLab double, deploys the system between them, and watches its tasks. */
export async function startTestEnvironment(options: TestEnvironmentOptions): Promise<TestEnvironment> {
  const { log, cleanup, machine, signal } = options;
  const emulator = await startEmulatorFor(log, cleanup, machine, options.emulator);
  const gitlab = await startGitLabDouble({
    host: emulator.gatewayAddress,
    concurrentDeliveries: CONCURRENT_DELIVERIES,
    reachableUrl: (url) => reachableUrl(url, emulator),
    ...(await options.gitlab?.(emulator.gatewayAddress)),
  });
  cleanup.add('the GitLab double', () => gitlab.stop());
  const { token: runnerToken } = gitlab.createRunner(options.runner);
  const system = await deploySystem({
    log,
    machine,
    emulator,
    gitlabUrl: gitlab.url,
    runnerToken,
    ...(await options.fleets({ emulator, gitlab, machine })),
    ...(options.deploy ? { deploy: options.deploy } : {}),
    ...(signal ? { signal } : {}),
  });
  const observer = new TaskObserver(system.ecs, system.outputs.ClusterArn, options.onTaskChange ?? ignore);
  cleanup.add('the observer', () => observer.stop());
  return { machine, emulator, gitlab, system, observer };
}

function ignore(): void {}
