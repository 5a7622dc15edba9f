import { type Clients, createClients } from '../clients.ts';
import { findInstallation, type Installation } from '../installation.ts';
import { countMessages } from '../queues.ts';
import type { Terminal } from '../terminal.ts';
import { redriveLauncher } from './redrive-launcher.ts';
import { redriveReaper } from './redrive-reaper.ts';

const QUEUES = ['launcher', 'reaper'] as const;
export type RedriveQueue = (typeof QUEUES)[number];

interface RedriveOptions {
  /** Default: both. */
  queue?: RedriveQueue;
  list: boolean;
  json: boolean;
}

/** What became of a dead-letter queue's messages. */
interface QueueResult {
  queue: RedriveQueue;
  /** Approximate number before. */
  waiting: number;
  retried: number;
  /** They stay in the dead-letter queue. */
  failed: number;
}

/** `sgr redrive`. @returns whether every message was retried */
export async function printRedrive(
  { queue: only, list, json }: RedriveOptions,
  terminal: Terminal,
  clients: Clients = createClients(),
): Promise<boolean> {
  const installation = await findInstallation(clients.cloudFormation);
  const results: QueueResult[] = [];
  for (const queue of QUEUES.filter((one) => only === undefined || one === only)) {
    const waiting = await countMessages(clients.sqs, installation.deadLetterUrls[queue]);
    const done =
      list || waiting === 0
        ? { retried: 0, failed: 0 }
        : await retry(queue, installation, clients, terminal.printError);
    results.push({ queue, waiting, ...done });
    if (!json) terminal.print(sentence({ queue, waiting, ...done }, list));
  }
  if (json) terminal.print(JSON.stringify(results, undefined, 2));
  return results.every(({ failed }) => failed === 0);
}

async function retry(
  queue: RedriveQueue,
  { queueUrl, deadLetterUrls, reaperFunction }: Installation,
  { sqs, lambda }: Clients,
  log: (line: string) => void,
): Promise<Pick<QueueResult, 'retried' | 'failed'>> {
  const deadLettersUrl = deadLetterUrls[queue];
  if (queue === 'launcher')
    return { retried: await redriveLauncher({ sqs, queueUrl, deadLettersUrl, log }), failed: 0 };
  const options = { sqs, lambda, functionName: reaperFunction, deadLettersUrl, log };
  const { done, failed } = await redriveReaper(options);
  return { retried: done, failed };
}

function sentence({ queue, waiting, retried, failed }: QueueResult, list: boolean): string {
  if (list || waiting === 0) return `${queue}: ${messages(waiting)} in the dead-letter queue`;
  if (queue === 'launcher') return `launcher: moved ${messages(retried)} back to its queue`;
  const problem =
    failed === 0
      ? ''
      : `; it failed for ${messages(failed)}: see its log, and run this again after mending it`;
  return `reaper: processed ${messages(retried)}${problem}`;
}

function messages(count: number): string {
  return `${count} ${count === 1 ? 'message' : 'messages'}`;
}
