import type { ECSClient } from '@aws-sdk/client-ecs';
import { type ManagerFacts, tokenRefusedAt } from '@serverless-gitlab-runner/aws/ecs-tasks';
import {
  InvalidCertificatesError,
  type ListedFleet,
  parameterNames,
  parseCertificates,
} from '@serverless-gitlab-runner/fleet';
import { storedSecrets } from '../../fleets.ts';
import { newestDefinition } from '../../status/newest-definitions.ts';
import type { FleetFacts } from '../checks/check-fleets.ts';

/** Facts of each fleet. @param managers including those that ended within the last hour */
export async function readFleetFacts(
  fleets: readonly ListedFleet[],
  managers: readonly ManagerFacts[],
  ecs: ECSClient,
  parameterPrefix: string,
): Promise<FleetFacts[]> {
  return Promise.all(
    fleets.map(async (fleet) => {
      const { name, otherParameters } = fleet;
      const names = parameterNames(parameterPrefix, name);
      return {
        name,
        problem: 'problem' in fleet ? fleet.problem.replaceAll(/\s+/g, ' ') : undefined,
        gitlabUrl: 'config' in fleet ? fleet.config.gitlabUrl : undefined,
        usesApi: 'config' in fleet && fleet.config.gitlabApi !== undefined,
        stored: storedSecrets(fleet, parameterPrefix),
        tokenWrittenAt: otherParameters.get(names.runnerToken),
        tokenRefusedAt: tokenRefusedAt(managers, { fleet: name, runnerTokenParameter: undefined }),
        authorities: readAuthorities(fleet.certificateAuthorities),
        hasManagerDefinition: (await newestDefinition(ecs, name)) !== undefined,
      };
    }),
  );
}

function readAuthorities(text: string | undefined): FleetFacts['authorities'] {
  if (text === undefined) return undefined;
  try {
    return { certificates: parseCertificates(text) };
  } catch (error) {
    if (error instanceof InvalidCertificatesError) return { problem: error.message };
    throw error;
  }
}
