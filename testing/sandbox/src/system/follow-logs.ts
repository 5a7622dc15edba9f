import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { RUN_LABEL } from '@serverless-gitlab-runner/aws-emulator';
import { logToStderr as log, runCommand } from '@serverless-gitlab-runner/machine';
import pc from 'picocolors';
import type { CommandContext } from '../command.ts';

const POLL_INTERVAL_MS = 1000;
const COLOURS = [pc.cyan, pc.green, pc.yellow, pc.magenta, pc.blue];

/** `npm run sandbox -- logs`: follows the logs of managers and job tasks of every sandbox on this machine, until Ctrl-C. */
export async function followLogs({ signal }: CommandContext): Promise<number> {
  const followed = new Set<string>();
  log('Following the logs of managers and job tasks. Press Ctrl-C to stop.');
  while (!signal.aborted) {
    for (const { id, name } of await runningContainers()) {
      if (followed.has(id)) continue;
      const paint = COLOURS[followed.size % COLOURS.length] ?? pc.cyan;
      followed.add(id);
      follow(id, paint(name), signal);
    }
    await delay(POLL_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
  }
  return 0;
}

async function runningContainers(): Promise<{ id: string; name: string }[]> {
  const output = await runCommand('docker', [
    'ps',
    '--filter',
    `label=${RUN_LABEL}`,
    '--format',
    '{{.ID}} {{.Names}}',
  ]);
  return output.split('\n').flatMap((line) => {
    const [id, name] = line.split(' ');
    return id && name && !name.endsWith('-pause') ? [{ id, name }] : [];
  });
}

function follow(id: string, label: string, signal: AbortSignal): void {
  const child = spawn('docker', ['logs', '--follow', id], { stdio: ['ignore', 'pipe', 'pipe'], signal });
  // An abort of the signal is emitted as an error of the child, which needs no handling.
  child.on('error', () => undefined);
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) console.log(`${label} │ ${line}`);
    });
  }
}
