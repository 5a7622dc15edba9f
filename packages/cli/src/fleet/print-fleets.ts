import { type Clients, createClients } from '../clients.ts';
import { readFleets, storedSecrets } from '../fleets.ts';
import { findInstallation } from '../installation.ts';
import { plainTable } from '../plain-table.ts';
import type { Terminal } from '../terminal.ts';
import { fleetOf, readSettingsToChange } from './read-settings-to-change.ts';

/** `sgr fleet list`. */
export async function printFleets(
  { json }: { json: boolean },
  terminal: Terminal,
  clients: Clients = createClients(),
): Promise<void> {
  const { parameterPrefix } = await findInstallation(clients.cloudFormation);
  const fleets = (await readFleets(clients.ssm, parameterPrefix)).map((fleet) => ({
    name: fleet.name,
    stored: storedSecrets(fleet, parameterPrefix),
    config: 'config' in fleet ? fleet.config : undefined,
    problem: 'problem' in fleet ? fleet.problem : undefined,
  }));
  if (json) return terminal.print(JSON.stringify(fleets, undefined, 2));
  const rows = fleets.map(({ name, stored, config, problem }) => [
    name,
    config?.gitlabUrl ?? `invalid: ${problem}`,
    config?.runner?.tagList.join(', ') ?? '',
    config ? `${config.job.size.cpu / 1024} vCPU, ${config.job.size.memory / 1024} GiB` : '',
    config ? `${config.manager.max} × ${config.manager.concurrentJobs}` : '',
    missingOf(stored),
  ]);
  for (const line of plainTable(['name', 'GitLab', 'tags', 'jobs', 'at most', 'missing'], rows))
    terminal.print(line);
}

function missingOf({ runnerToken, webhookSecret }: ReturnType<typeof storedSecrets>): string {
  return [...(runnerToken ? [] : ['runner token']), ...(webhookSecret ? [] : ['webhook secret'])].join(', ');
}

/** `sgr fleet show`: the settings as written, or with every default. */
export async function printFleet(
  { name, all }: { name: string; all: boolean },
  terminal: Terminal,
  clients: Clients = createClients(),
): Promise<void> {
  const fleet = fleetOf(await readSettingsToChange(clients), name);
  if (!all) return terminal.print(JSON.stringify(fleet, undefined, 2));
  const { parseFleet } = await import('@serverless-gitlab-runner/infra/operate');
  terminal.print(JSON.stringify(parseFleet(fleet), undefined, 2));
}
