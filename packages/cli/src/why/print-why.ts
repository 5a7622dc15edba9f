import { type Clients, createClients } from '../clients.ts';
import { findInstallation } from '../installation.ts';
import { DEFAULT_COLUMNS, type Terminal } from '../terminal.ts';
import { timesAsIso } from '../times-as-iso.ts';
import { explainJob } from './explain-job.ts';
import { readJobFacts } from './read-job-facts.ts';
import { renderJob } from './render-job.ts';

export interface WhyOptions {
  jobId: number;
  hours: number;
  json: boolean;
}

/** `sgr why`. */
export async function printWhy(
  { jobId, hours, json }: WhyOptions,
  terminal: Terminal,
  clients: Clients = createClients(),
): Promise<void> {
  const now = terminal.now();
  const installation = await findInstallation(clients.cloudFormation);
  const explanation = explainJob(await readJobFacts({ jobId, hours, now }, clients, installation));
  if (json) return terminal.print(JSON.stringify(explanation, timesAsIso, 2));
  for (const line of renderJob(explanation, now, terminal.columns ?? DEFAULT_COLUMNS)) terminal.print(line);
}
