import { setTimeout } from 'node:timers/promises';
import { type Clients, createClients } from '../clients.ts';
import { findInstallation } from '../installation.ts';
import { DEFAULT_COLUMNS, type Terminal } from '../terminal.ts';
import { timesAsIso } from '../times-as-iso.ts';
import type { JobArgument } from '../why/job-argument.ts';
import { type JobLine, readJobLines } from './job-lines.ts';
import { renderLine } from './render-line.ts';

interface LogsOptions {
  job: JobArgument;
  hours: number;
  follow: boolean;
  json: boolean;
}

const POLL_MS = 3000;
const CUT = 'There are more lines than are read: choose fewer --hours.';

/** `sgr logs`. With `follow`, until the job's task has ended. */
export async function printLogs(
  { job: { jobId }, hours, follow, json }: LogsOptions,
  terminal: Terminal,
  clients: Clients = createClients(),
  pollMs = POLL_MS,
): Promise<void> {
  const installation = await findInstallation(clients.cloudFormation);
  const query = { jobId, since: terminal.now() - hours * 3_600_000 };
  const columns = terminal.columns ?? DEFAULT_COLUMNS;
  const print = (line: JobLine) => {
    if (json) terminal.print(JSON.stringify(line, timesAsIso));
    else for (const part of renderLine(line, columns)) terminal.print(part);
  };
  // A line may arrive after later ones of another log, so all are read again, and new ones printed.
  const printed = new Set<string>();
  for (;;) {
    const { lines, isCut } = await readJobLines(clients.logs, installation, query);
    for (const line of lines) {
      const key = JSON.stringify(line);
      if (!printed.has(key)) print(line);
      printed.add(key);
    }
    if (isCut) terminal.printError(CUT);
    if (!follow || isCut || lines.some(isEnd)) break;
    await setTimeout(pollMs);
  }
  if (printed.size === 0) terminal.printError(`No log of the last ${hours} h names job ${jobId}.`);
}

function isEnd({ source, text }: JobLine): boolean {
  return source === 'manager' && text.includes('"event":"JobTaskFinished"');
}
