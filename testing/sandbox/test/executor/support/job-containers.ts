import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { readEnvironment, runCommand, tryCommand, until } from '@serverless-gitlab-runner/machine';

/** The helper's image under test. */
export const HELPER_IMAGE =
  process.env.BENCH_HELPER_IMAGE ??
  `serverless-gitlab-runner/job-base:${readEnvironment().SANDBOX_IMAGE_TAG}`;

/** How a stage went, as the run hook would see it. */
export interface StageResult {
  output: Buffer;
  /** What the helper said of its end: `exit 3`, `lost`. */
  end: string;
}

/** A stage that still runs. */
export interface RunningStage {
  /** Resolves once the output so far contains the text. */
  prints(text: string): Promise<void>;
  result: Promise<StageResult>;
}

/** The helper and the build container of a job, joined as a Fargate task joins them, and ssh to the helper. */
export interface JobContainers {
  ready: string;
  /** @param id what the helper knows the stage by, for a cancel or another connection. Default: none */
  start(stage: string, script: string, id?: string): RunningStage;
  /** @param size what the helper is told of the script's size; default: the truth */
  run(stage: string, script: string, size?: number): Promise<StageResult>;
  /** Asks for a stage, and sends only the beginning of its script. */
  send(request: string, beginning: string): Promise<StageResult>;
  /** @param input what the request reads */
  ask(command: string, input?: string): Promise<string>;
  /** Runs lines of shell in a container, as root, past agent and helper. */
  exec(container: 'helper' | 'build', lines: string): Promise<string>;
  /** What a container wrote to its own log. */
  log(container: 'helper' | 'build'): Promise<string>;
  /** Cuts every connection to the helper, as a network that fails. */
  disconnect(): Promise<void>;
  /** Name of the helper's or the build container in Docker. */
  container(name: 'helper' | 'build'): string;
  stop(): Promise<void>;
}

export interface JobContainersOptions {
  image: string;
  user?: string;
  deadManSeconds?: number;
  /** MiB of each of the task's volumes. Default: as much as the host has. */
  diskMib?: number;
}

let made = 0;

/** Starts jobs' containers for a test file, and stops them all at its end. */
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
  made += 1;
  const name = `job-base-test-${process.pid}-${made}`;
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
  const { image, user, deadManSeconds = 300, diskMib } = options;
  if (diskMib !== undefined) await makeSmallVolumes(name, diskMib);
  await runCommand('docker', [
    ...['run', '-d', '--name', `${name}-helper`, ...mounts],
    ...['-e', `SSH_PUBLIC_KEY=${publicKey}`, '-e', `DEAD_MAN_SECONDS=${deadManSeconds}`, HELPER_IMAGE],
  ]);
  await runCommand('docker', [
    ...['run', '-d', '--name', `${name}-build`, ...mounts, '--network', `container:${name}-helper`],
    ...(user ? ['--user', user] : []),
    ...['--entrypoint', '/.job-agent/bash', image, '-p', '/.job-agent/agent'],
  ]);
}

/** File systems in memory, held by a container: Docker would drop what the helper's image fills them with. */
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
  let seen = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (seen.length < 100_000) seen += chunk.toString('latin1');
  });
  const result = collect(child, script).then(({ stdout, stderr }) => {
    const end = /^job-helper: (.*)$/m.exec(stderr.toString())?.[1];
    return { output: stdout, end: end ?? `no word of its end: ${stderr}` };
  });
  return {
    result,
    prints: (text) =>
      until(`"${text}" in a stage's output`, async () => (seen.includes(text) ? true : undefined)).then(
        () => {},
      ),
  };
}
