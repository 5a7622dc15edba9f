import type { SSMProvider } from '@aws-lambda-powertools/parameters/ssm';
import { createTimedCache, failureName, shareCalls } from '@serverless-gitlab-runner/aws/calls';
import {
  type FleetConfig,
  InvalidFleetConfigError,
  parameterNames,
  parseFleetConfig,
} from '@serverless-gitlab-runner/fleet';
import { failureOfError } from './launch-failure.ts';
import type { LaunchFailure } from './outcome.ts';

/** Milliseconds for which a valid fleet document is cached. */
const MAX_AGE_MS = 30_000;

export type FleetReading = { config: FleetConfig } | { failure: LaunchFailure };

export type ReadFleet = (fleet: string) => Promise<FleetReading>;

/** @param now milliseconds since 1970 */
export function createReadFleet(provider: SSMProvider, prefix: string, now: () => number): ReadFleet {
  const cached = createTimedCache<FleetReading>({ now, maxAgeMs: MAX_AGE_MS });
  const read = shareCalls(async (fleet): Promise<FleetReading> => {
    const name = parameterNames(prefix, fleet).config;
    try {
      const document = await provider.get(name, { forceFetch: true });
      if (document === undefined) return { failure: missing(name) };
      const reading = { config: parseFleetConfig(name, document) };
      cached.set(fleet, reading);
      return reading;
    } catch (error) {
      return { failure: failureOfReading(name, error) };
    }
  });
  return async (fleet) => cached.get(fleet) ?? read(fleet);
}

function failureOfReading(name: string, error: unknown): LaunchFailure {
  if (error instanceof InvalidFleetConfigError) return invalid(error.message);
  return failureName(error) === 'ParameterNotFound' ? missing(name) : failureOfError(error);
}

function missing(name: string): LaunchFailure {
  return invalid(`Parameter ${name} does not exist: create the fleet, or remove its webhook from GitLab`);
}

function invalid(problem: string): LaunchFailure {
  return {
    reason: 'invalid-fleet',
    message: `${problem.slice(0, 1500)}. Then redrive the dead-letter queue`,
    permanent: true,
  };
}
