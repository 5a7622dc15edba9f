import { LocalstackContainer } from '@testcontainers/localstack';
import { getContainerRuntimeClient, Wait } from 'testcontainers';
import { EMULATOR_IMAGE } from './image.ts';
import { createNetwork } from './network.ts';
import { sweep } from './sweep.ts';
import { RUN_LABEL } from './task-containers.ts';

const PORT = 4566;
/** Seconds the emulator has to remove its tasks before it is killed; the sweep takes what it left. */
const STOP_SECONDS = 20;

export interface EmulatorOptions {
  /** Value of the run's label and prefix of every name in Docker: lower-case letters, digits and hyphens. */
  runId: string;
  /** Docker network made for the run; task containers join it. Default: the run's id. */
  networkName?: string;
  /** Image of the emulator. Default: the one that `buildEmulatorImage` builds. */
  image?: string;
  /** Seconds for which ECS lists a stopped task. Default: 3600, as AWS. */
  stoppedTasksKeptSeconds?: number;
  /** Makes the AWS endpoint that tasks are given, once the network is there. Default: the emulator's own. */
  taskEndpoint?: (gatewayAddress: string) => Promise<string>;
  /** Takes the emulator's own log, line by line. Default: it goes nowhere (`docker logs` has it). */
  onLogLine?: (line: string) => void;
}

/** A running emulator and the network it made. */
export interface Emulator {
  /** AWS endpoint for the host, `http://127.0.0.1:<port>`. */
  endpoint: string;
  /** AWS endpoint for containers on the network. */
  containerEndpoint: string;
  /** The host's address on the network: what listens there is reached by host, tasks and Lambdas alike. */
  gatewayAddress: string;
  networkName: string;
  containerName: string;
  /** Stops the emulator and removes everything of the run from Docker. */
  stop(): Promise<void>;
}

/**
 * Starts the AWS emulator in a container, on a network of its own, with the Docker socket.
 * Removes what it made when the start fails.
 */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const networkName = options.networkName ?? options.runId;
  // Its reaper is an image from a registry; `sweep` does that work, by label.
  process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
  try {
    const gatewayAddress = await createNetwork(networkName, options.runId);
    const containerName = `${options.runId}-emulator`;
    const socket = (await getContainerRuntimeClient()).info.containerRuntime.remoteSocketPath;
    const taskEndpoint = await options.taskEndpoint?.(gatewayAddress);
    const names = { networkName, containerName, socket, taskEndpoint };
    const container = await describe(options, names).start();
    return {
      endpoint: container.getConnectionUri().replace('//localhost:', '//127.0.0.1:'),
      containerEndpoint: `http://${container.getIpAddress(networkName)}:${PORT}`,
      gatewayAddress,
      networkName,
      containerName,
      stop: async () => {
        await container.stop({ timeout: STOP_SECONDS * 1000, removeVolumes: true });
        await sweep(options.runId);
      },
    };
  } catch (error) {
    await sweep(options.runId);
    throw error;
  }
}

interface Names {
  networkName: string;
  containerName: string;
  socket: string;
  taskEndpoint: string | undefined;
}

function describe(options: EmulatorOptions, names: Names): LocalstackContainer {
  const { networkName, containerName, socket, taskEndpoint } = names;
  const kept = options.stoppedTasksKeptSeconds;
  const container = new LocalstackContainer(options.image ?? EMULATOR_IMAGE)
    .withName(containerName)
    .withNetworkMode(networkName)
    .withLabels({ [RUN_LABEL]: options.runId })
    .withBindMounts([{ source: socket, target: '/var/run/docker.sock' }])
    .withEnvironment({
      SANDBOX_RUN_ID: options.runId,
      FARGATE_NETWORK: networkName,
      ...(kept === undefined ? {} : { FARGATE_STOPPED_TASKS_KEPT_SECONDS: String(kept) }),
      ...(taskEndpoint === undefined ? {} : { FARGATE_AWS_ENDPOINT_URL: taskEndpoint }),
    })
    .withWaitStrategy(
      Wait.forAll([Wait.forLogMessage('Ready', 1), Wait.forHttp('/_localstack/health', PORT)]),
    );
  if (options.onLogLine) forwardLines(container, options.onLogLine);
  return container;
}

function forwardLines(container: LocalstackContainer, onLine: (line: string) => void): void {
  container.withLogConsumer((stream) => {
    let rest = '';
    stream.on('data', (chunk: Buffer | string) => {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    });
  });
}
