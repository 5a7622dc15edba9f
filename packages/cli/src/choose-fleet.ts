import type { ListedFleet } from '@serverless-gitlab-runner/fleet';
import { OperationError, UsageError } from './operation-error.ts';

/** A fleet whose document is valid. */
export type ValidFleet = Extract<ListedFleet, { config: unknown }>;

/**
 * The fleet of that name, or the only one.
 * @throws {UsageError} if none is named and there are several, or there is none of that name
 * @throws {OperationError} if its document is invalid
 */
export function chooseFleet(fleets: readonly ListedFleet[], name: string | undefined): ValidFleet {
  const names = fleets.map((fleet) => fleet.name).join(', ') || 'none';
  const [only] = fleets;
  const chosen = name === undefined ? only : fleets.find((fleet) => fleet.name === name);
  if (name === undefined && fleets.length > 1) throw new UsageError(`Choose a fleet with --fleet: ${names}.`);
  if (chosen === undefined)
    throw new UsageError(
      name === undefined ? 'No fleet is deployed.' : `There is no fleet ${name}. Fleets: ${names}.`,
    );
  if ('problem' in chosen)
    throw new OperationError(`The document of fleet ${chosen.name} is invalid: ${chosen.problem}`);
  return chosen;
}
