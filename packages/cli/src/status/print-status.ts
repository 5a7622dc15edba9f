import { type Clients, createClients } from '../clients.ts';
import { findInstallation } from '../installation.ts';
import { DEFAULT_COLUMNS, type Terminal } from '../terminal.ts';
import { timesAsIso } from '../times-as-iso.ts';
import { readStatus } from './read-status.ts';
import { renderStatus } from './render-status.ts';

/** `sgr status`. */
export async function printStatus(
  { json }: { json: boolean },
  terminal: Terminal,
  clients: Clients = createClients(),
): Promise<void> {
  const status = await readStatus(clients, await findInstallation(clients.cloudFormation));
  if (json) return terminal.print(JSON.stringify(status, timesAsIso, 2));
  const columns = terminal.columns ?? DEFAULT_COLUMNS;
  for (const line of renderStatus(status, terminal.now(), columns)) terminal.print(line);
}
