import type { Clients } from '../clients.ts';
import { findInstallation } from '../installation.ts';
import { OperationError, UsageError } from '../operation-error.ts';
import {
  type DeployedSettings,
  type FleetSettings,
  readDeployedSettings,
} from '../settings/deployed-settings.ts';

/** @throws {OperationError} if the installation keeps none */
export async function readSettingsToChange({
  cloudFormation,
  ssm,
}: Pick<Clients, 'cloudFormation' | 'ssm'>): Promise<DeployedSettings> {
  const { parameterPrefix, region } = await findInstallation(cloudFormation);
  const settings = await readDeployedSettings(ssm, parameterPrefix);
  if (settings !== undefined) return settings;
  throw new OperationError(
    `The installation in ${region} was deployed by an older version, or is part of a stack of your own: its fleets are changed where they are written. After \`npm run deploy\` with this version, they can be changed here.`,
  );
}

/** @throws {UsageError} if there is no such fleet */
export function fleetOf({ fleets }: DeployedSettings, name: string): FleetSettings {
  const fleet = fleets.find((one) => one.name === name);
  if (fleet !== undefined) return fleet;
  throw new UsageError(`There is no fleet ${name}; there are ${fleets.map((one) => one.name).join(', ')}.`);
}
