import { secretCommands } from '@serverless-gitlab-runner/infra/operate';
import { type Clients, createClients } from '../clients.ts';
import { readFleets, storedSecrets } from '../fleets.ts';
import { findInstallation } from '../installation.ts';
import { DEFAULT_COLUMNS, type Terminal } from '../terminal.ts';
import { type NextSteps, renderNextSteps } from './render-next-steps.ts';

/** `sgr next-steps`. */
export async function printNextSteps(
  { json }: { json: boolean },
  terminal: Terminal,
  clients: Clients = createClients(),
): Promise<void> {
  const { region, parameterPrefix, webhookUrl, logGroups } = await findInstallation(clients.cloudFormation);
  const fleets = (await readFleets(clients.ssm, parameterPrefix)).map((fleet) => ({
    name: fleet.name,
    webhookUrl: `${webhookUrl}?fleet=${fleet.name}`,
    stored: storedSecrets(fleet, parameterPrefix),
    commands: secretCommands(parameterPrefix, fleet.name, region),
    ...('problem' in fleet
      ? { problem: fleet.problem.replaceAll(/\s+/g, ' ') }
      : { gitlabUrl: fleet.config.gitlabUrl, usesApi: fleet.config.gitlabApi !== undefined }),
  }));
  const steps: NextSteps = { region, managerLogGroup: logGroups.managers, fleets };
  if (json) return terminal.print(JSON.stringify(steps, undefined, 2));
  for (const line of renderNextSteps(steps, terminal.columns ?? DEFAULT_COLUMNS)) terminal.print(line);
}
