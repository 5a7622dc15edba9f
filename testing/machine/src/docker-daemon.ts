import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { canInstall, installPackages } from './apt-packages.ts';
import type { Log } from './progress.ts';
import { tryCommand } from './run-command.ts';

const START_TIMEOUT_MS = 60_000;
/** Packages that dockerd needs on Debian and its derivatives, and debootstrap for the base image. */
const DEBIAN_PACKAGES = ['docker.io', 'iptables', 'debootstrap', 'git'];

const NOT_RUNNING =
  'No Docker daemon answers: start Docker (Docker Desktop, or "sudo systemctl start docker") and try again.';
const NOT_INSTALLED =
  'Docker is not installed: install it (https://docs.docker.com/engine/install/) and try again.';
const NOT_INSTALLABLE = `Docker is not installed, and apt-get cannot install ${DEBIAN_PACKAGES.join(', ')}: install it and try again.`;

/** Docker is unavailable, and this process cannot start it. The message says what to do. */
export class DockerUnavailableError extends Error {
  override readonly name = 'DockerUnavailableError';
}

/** A Docker daemon that answers. `stop` ends it if, and only if, this process started it. */
export interface DockerDaemon {
  stop(): Promise<void>;
}

/**
 * Makes sure that a Docker daemon answers: uses a running one, else starts one. Installs Docker first if it is missing
 * (root on Debian or Ubuntu).
 * @throws {DockerUnavailableError}
 */
export async function ensureDockerDaemon(log: Log): Promise<DockerDaemon> {
  if (await daemonAnswers()) return { stop: async () => undefined };
  if (process.getuid?.() !== 0) {
    const isInstalled = (await tryCommand('docker', ['--version'])).ok;
    throw new DockerUnavailableError(isInstalled ? NOT_RUNNING : NOT_INSTALLED);
  }
  await installDocker(log);
  if (await daemonAnswers()) return { stop: async () => undefined };
  return await startDaemon(log);
}

async function daemonAnswers(): Promise<boolean> {
  return (await tryCommand('docker', ['version', '--format', '{{.Server.Version}}'])).ok;
}

async function installDocker(log: Log): Promise<void> {
  if ((await tryCommand('dockerd', ['--version'])).ok && (await tryCommand('iptables', ['--version'])).ok)
    return;
  if (!canInstall()) {
    throw new DockerUnavailableError(NOT_INSTALLED);
  }
  try {
    await installPackages(DEBIAN_PACKAGES, log);
  } catch (cause) {
    throw new DockerUnavailableError(NOT_INSTALLABLE, { cause });
  }
}

async function startDaemon(log: Log): Promise<DockerDaemon> {
  const logFile = join(mkdtempSync(join(tmpdir(), 'dockerd-')), 'dockerd.log');
  const output = openSync(logFile, 'a');
  log(`starting dockerd (log: ${logFile})`);
  // A process group of its own: on Ctrl-C this process first stops the containers, and only then the daemon.
  const daemon = spawn('dockerd', [], { detached: true, stdio: ['ignore', output, output] });
  let ended: string | undefined;
  daemon.on('error', (error) => {
    ended = error.message;
  });
  daemon.on('exit', (code, signal) => {
    ended = `exit ${code ?? signal}`;
  });
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await daemonAnswers())) {
    if (ended !== undefined || Date.now() > deadline) {
      daemon.kill();
      const tail = readFileSync(logFile, 'utf8').trim().split('\n').slice(-5).join('\n');
      throw new DockerUnavailableError(
        `dockerd did not start (${ended ?? 'no answer'}). Last lines of its log:\n${tail}`,
      );
    }
    await delay(200);
  }
  daemon.unref();
  return { stop: () => stopDaemon(daemon.pid) };
}

async function stopDaemon(pid: number | undefined): Promise<void> {
  if (pid === undefined) return;
  const running = await tryCommand('docker', ['ps', '-q']);
  if (running.ok && running.stdout.trim() !== '') return;
  process.kill(pid, 'SIGTERM');
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (isAlive(pid) && Date.now() < deadline) await delay(100);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
