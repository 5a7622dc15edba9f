import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { readEnvironment, runCommand, tryCommand, until } from '@serverless-gitlab-runner/machine';

/** The helper image under test. */
export const HELPER_IMAGE =
  process.env.BENCH_HELPER_IMAGE ??
  `serverless-gitlab-runner/job-base:${readEnvironment().SANDBOX_IMAGE_TAG}`;

/** The result of a stage, as the run hook sees it. */
export interface StageResult {
  output: Buffer;
  /** The end that the helper reported: `exit 3`, `lost`. */
  end: string;
}

/** A running stage. */
export interface RunningStage {
  /** Resolves once the output so far contains the text. */
  prints(text: string): Promise<void>;
  result: Promise<StageResult>;
}

/** The helper and build containers of a job, connected as in a Fargate task, with SSH access to the helper. */
export interface JobContainers {
  ready: string;
  /** @param id identifies the stage for a cancellation or another connection. Default: none */
  start(stage: string, script: string, id?: string): RunningStage;
  /** @param size announced size of the script. Default: its real size */
  run(stage: string, script: string, size?: number): Promise<StageResult>;
  /** Requests a stage, and sends only the beginning of its script. */
  send(request: string, beginning: string): Promise<StageResult>;
  /** @param input standard input of the request */
  ask(command: string, input?: string): Promise<string>;
  /** Runs shell commands in a container as root, without the agent or helper. */
  exec(container: 'helper' | 'build', lines: string): Promise<string>;
  /** Returns a container's own log. */
  log(container: 'helper' | 'build'): Promise<string>;
  /** Cuts every connection to the helper, like a failing network. */
  disconnect(): Promise<void>;
  /** Returns the name of the helper or build container in Docker. */
  container(name: 'helper' | 'build'): string;
  stop(): Promise<void>;
}

export interface JobContainersOptions {
  image: string;
  user?: string;
  deadManSeconds?: number;
  /** Default: none. */
  unclaimedSeconds?: number;
  /** Size of each of the task's volumes in MiB. Default: the host's disk. */
  diskMib?: number;
}

let count = 0;

/** Starts containers of jobs for a test file, and stops them all at its end. */
export function jobContainersPool() {
  const started: JobContainers[] = [];
  return {
    async start(options: JobContainersOptions): Promise<JobContainers> {
      const containers = await startJobContainers(options);
      started.push(containers);
      return containers;
    },
    async stopAll(): Promise<void> {
      await Promise.all(started.map((each) => each.stop()));
    },
  };
}

async function startJobContainers(options: JobContainersOptions): Promise<JobContainers> {
  count += 1;
  const name = `job-base-test-${process.pid}-${count}`;
  const folder = await mkdtemp(join(tmpdir(), 'job-base-'));
  const remove = async () => {
    await tryCommand('docker', ['rm', '-f', '-v', `${name}-build`, `${name}-helper`, `${name}-disk`]);
    await tryCommand('docker', ['volume', 'rm', '-f', `${name}-agent`, `${name}-builds`]);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await startContainers(name, folder, options);
    const sshConfig = await writeSshConfig(name, folder);
    const ssh = (command: string) => openSsh(sshConfig, command);
    const ready = await until('the helper', () => askReady(ssh));
    return {
      ready,
      start: (stage, script, id = '') =>
        startStage(ssh(`stage ${stage} ${Buffer.byteLength(script)} ${id}`.trim()), script),
      run: (stage, script, size = Buffer.byteLength(script)) =>
        startStage(ssh(`stage ${stage} ${size}`), script).result,
      send: (request, beginning) => {
        const child = ssh(request);
        child.stdin.write(beginning);
        return startStage(child).result;
      },
      ask: async (command, input = '') => (await collect(ssh(command), input)).stdout.toString(),
      exec: (which, lines) => inContainer(`${name}-${which}`, lines),
      log: (which) => runCommand('docker', ['logs', `${name}-${which}`]),
      disconnect: () => inContainer(`${name}-helper`, 'pkill -KILL -f "sshd: [r]oot" || :').then(() => {}),
      container: (which) => `${name}-${which}`,
      stop: remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function startContainers(name: string, folder: string, options: JobContainersOptions): Promise<void> {
  const key = join(folder, 'key');
  await runCommand('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key]);
  const publicKey = (await readFile(`${key}.pub`, 'utf8')).trim();
  const mounts = ['-v', `${name}-agent:/.job-agent`, '-v', `${name}-builds:/builds`];
  const { image, user, deadManSeconds = 300, unclaimedSeconds = '', diskMib } = options;
  if (diskMib !== undefined) await makeSmallVolumes(name, diskMib);
  await runCommand('docker', [
    ...['run', '-d', '--name', `${name}-helper`, ...mounts],
    ...['-e', `SSH_PUBLIC_KEY=${publicKey}`, '-e', `DEAD_MAN_SECONDS=${deadManSeconds}`],
    ...['-e', `UNCLAIMED_SECONDS=${unclaimedSeconds}`, HELPER_IMAGE],
  ]);
  await runCommand('docker', [
    ...['run', '-d', '--name', `${name}-build`, ...mounts, '--network', `container:${name}-helper`],
    ...(user ? ['--user', user] : []),
    ...['--entrypoint', '/.job-agent/bash', image, '-p', '/.job-agent/agent'],
  ]);
}

/** Creates file systems in memory. A container keeps them mounted: otherwise Docker would drop the helper image's files. */
async function makeSmallVolumes(name: string, diskMib: number): Promise<void> {
  for (const volume of [`${name}-agent`, `${name}-builds`]) {
    const options = ['type=tmpfs', 'device=tmpfs', `o=size=${diskMib}m`];
    await runCommand('docker', [
      'volume',
      'create',
      ...options.flatMap((option) => ['--opt', option]),
      volume,
    ]);
  }
  const mounts = [`${name}-agent:/agent:nocopy`, `${name}-builds:/builds:nocopy`];
  await runCommand('docker', [
    ...['run', '-d', '--name', `${name}-disk`, ...mounts.flatMap((mount) => ['-v', mount])],
    ...['--entrypoint', 'sleep', HELPER_IMAGE, 'infinity'],
  ]);
}

function inContainer(container: string, lines: string): Promise<string> {
  return runCommand('docker', ['exec', '--user', '0', container, '/.job-agent/busybox', 'sh', '-c', lines]);
}

async function writeSshConfig(name: string, folder: string): Promise<string> {
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
  const address = (await runCommand('docker', ['inspect', '-f', format, `${name}-helper`])).trim();
  const file = join(folder, 'ssh_config');
  await writeFile(
    file,
    `Host job
  HostName ${address}
  Port 10022
  User root
  IdentityFile ${folder}/key
  IdentitiesOnly yes
  UserKnownHostsFile ${folder}/known_hosts
  StrictHostKeyChecking accept-new
  BatchMode yes
  LogLevel ERROR
`,
  );
  return file;
}

type Ssh = ReturnType<typeof openSsh>;

function openSsh(config: string, command: string) {
  return spawn('ssh', ['-F', config, 'job', command], { stdio: ['pipe', 'pipe', 'pipe'] });
}

async function askReady(ssh: (command: string) => Ssh): Promise<string | undefined> {
  const { stdout } = await collect(ssh('ready'), '');
  return stdout.length > 0 ? stdout.toString().trim() : undefined;
}

async function collect(child: Ssh, input?: string): Promise<{ stdout: Buffer; stderr: Buffer }> {
  child.stdin.on('error', () => {});
  if (input !== undefined) child.stdin.end(input);
  const [stdout, stderr] = await Promise.all([buffer(child.stdout), buffer(child.stderr)]);
  return { stdout, stderr };
}

function startStage(child: Ssh, script?: string): RunningStage {
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (printed.length < 100_000) printed += chunk.toString('latin1');
  });
  const result = collect(child, script).then(({ stdout, stderr }) => {
    const end = /^job-helper: (.*)$/m.exec(stderr.toString())?.[1];
    return { output: stdout, end: end ?? `no end reported: ${stderr}` };
  });
  return {
    result,
    prints: (text) =>
      until(`"${text}" in a stage's output`, async () => (printed.includes(text) ? true : undefined)).then(
        () => {},
      ),
  };
}
