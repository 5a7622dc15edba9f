import { type Clients, createClients } from '../clients.ts';
import { confirm } from '../confirm.ts';
import { contextOf, deploySettings } from '../deploy-settings.ts';
import { OperationError } from '../operation-error.ts';
import type { FleetSettings } from '../settings/deployed-settings.ts';
import type { Terminal } from '../terminal.ts';
import { changedSettings } from './changed-settings.ts';
import { fleetOf, readSettingsToChange } from './read-settings-to-change.ts';
import { renderChanges } from './render-changes.ts';

export interface ChangeFleet {
  name: string;
  /** Returns the fleet's new settings. @throws {UsageError} */
  change(before: FleetSettings): Promise<Readonly<Record<string, unknown>>>;
  yes: boolean;
  isDryRun: boolean;
  json: boolean;
}

/**
 * `sgr fleet set` and `sgr fleet edit`: validates the new settings as a deployment does, shows what differs, asks, and deploys.
 * @throws {OperationError} for invalid settings
 */
export async function changeFleet(
  { name, change, yes, isDryRun, json }: ChangeFleet,
  terminal: Terminal,
  clients: Clients = createClients(),
): Promise<void> {
  const settings = await readSettingsToChange(clients);
  const before = fleetOf(settings, name);
  const after = await validFleet({ ...(await change(before)), name });
  const changes = changedSettings(before, after);
  if (json) terminal.print(JSON.stringify({ fleet: name, changes }, undefined, 2));
  else for (const line of renderChanges(name, changes)) terminal.print(line);
  if (changes.length === 0 || isDryRun) return;
  await confirm('Deploy this?', yes, terminal);
  const fleets = settings.fleets.map((fleet) => (fleet.name === name ? after : fleet));
  const log = terminal.printError;
  await deploySettings({ context: contextOf({ ...settings, fleets }), bootstrap: false, log });
  log('Jobs get the new settings within a minute; those of managers apply to new managers (`sgr drain`).');
}

/** @throws {OperationError} naming the setting */
async function validFleet(fleet: FleetSettings): Promise<FleetSettings> {
  const { InvalidFleetConfigError, parseFleet } = await import('@serverless-gitlab-runner/infra/operate');
  try {
    parseFleet(fleet);
    return fleet;
  } catch (error) {
    if (!(error instanceof InvalidFleetConfigError)) throw error;
    throw new OperationError(`Nothing was changed. ${error.message}`, { cause: error });
  }
}
