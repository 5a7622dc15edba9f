import { LocalstackContainer } from '@testcontainers/localstack';
import { getContainerRuntimeClient, Wait } from 'testcontainers';
import { EMULATOR_IMAGE } from './image.ts';
import { createNetwork } from './network.ts';
import { sweep } from './sweep.ts';
import { RUN_LABEL } from './task-containers.ts';

const PORT = 4566;
/** Seconds that the emulator has to remove its tasks before it is killed. The sweep removes the rest. */
const STOP_SECONDS = 20;

export interface EmulatorOptions {
  /** Value of the run's label, and prefix of all names in Docker: lower-case letters, digits and hyphens. */
  runId: string;
  /** Docker network to create for the run and its task containers. Default: the run's id. */
  networkName?: string;
  /** Image of the emulator. Default: that of `buildEmulatorImage`. */
  image?: string;
  /** Seconds for which ECS lists a stopped task. Default: 3600, as AWS. */
  stoppedTasksKeptSeconds?: number;
  /** Creates the AWS endpoint for tasks once the network exists. Default: the emulator's own endpoint. */
  taskEndpoint?: (gatewayAddress: string) => Promise<string>;
  /** Receives the emulator's own log, line by line. Default: discarded (`docker logs` shows it). */
  onLogLine?: (line: string) => void;
}

/** A running emulator and its network. */
export interface Emulator {
  /** AWS endpoint for the host, `http://127.0.0.1:<port>`. */
  endpoint: string;
  /** AWS endpoint for containers on the network. */
  containerEndpoint: string;
  /** The host's address on the network, reachable from the host, tasks and Lambdas. */
  gatewayAddress: string;
  networkName: string;
  containerName: string;
  /** Stops the emulator and removes all of the run's resources from Docker. */
  stop(): Promise<void>;
}

/**
 * Starts the AWS emulator in a container, on its own network, with the Docker socket. Cleans up if the start fails.
 */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const networkName = options.networkName ?? options.runId;
  // Testcontainers' reaper needs an image from a registry; `sweep` cleans up by label instead.
  process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
  try {
    const gatewayAddress = await createNetwork(networkName, options.runId);
    const containerName = `${options.runId}-emulator`;
    const socket = (await getContainerRuntimeClient()).info.containerRuntime.remoteSocketPath;
    const taskEndpoint = await options.taskEndpoint?.(gatewayAddress);
    const names = { networkName, containerName, socket, taskEndpoint };
    const container = await containerFor(options, names).start();
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

function containerFor(options: EmulatorOptions, names: Names): LocalstackContainer {
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
