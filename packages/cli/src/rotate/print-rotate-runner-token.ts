import { takesJobs } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { parameterNames } from '@serverless-gitlab-runner/fleet';
import { chooseFleet } from '../choose-fleet.ts';
import { type Clients, createClients } from '../clients.ts';
import { drainManagers } from '../drain/drain-managers.ts';
import { readFleets } from '../fleets.ts';
import { createGitLabAdmin } from '../gitlab/gitlab-admin.ts';
import { createRunnerTokens } from '../gitlab/runner-token.ts';
import { trustAuthoritiesOf } from '../gitlab/trust-authorities.ts';
import { findInstallation } from '../installation.ts';
import { OperationError } from '../operation-error.ts';
import { readSecret } from '../secrets.ts';
import { readTasks } from '../tasks.ts';
import type { Terminal } from '../terminal.ts';
import { rotateRunnerToken } from './rotate-runner-token.ts';

interface RotateOptions {
  fleet?: string;
  json: boolean;
  gitlabToken: string | undefined;
}

/**
 * `sgr rotate runner-token`. No job is lost: running jobs have tokens of their own, GitLab gives no new ones to managers with the
 * old token, and once those are drained, queued jobs get managers that read the new one.
 */
export async function printRotateRunnerToken(
  { fleet: name, json, gitlabToken }: RotateOptions,
  terminal: Terminal,
  clients: Clients = createClients(),
): Promise<void> {
  const { cluster, parameterPrefix } = await findInstallation(clients.cloudFormation);
  const { ssm, ecs } = clients;
  const fleets = await readFleets(ssm, parameterPrefix);
  const fleet = chooseFleet(fleets, name);
  const parameter = parameterNames(parameterPrefix, fleet.name).runnerToken;
  const stored = await readSecret(ssm, parameter);
  for (const other of fleets.filter((one) => one.name !== fleet.name)) {
    const same = await readSecret(ssm, parameterNames(parameterPrefix, other.name).runnerToken);
    if (same !== undefined && same === stored)
      throw new OperationError(
        `Fleet ${other.name} has the same runner token, and would lose it. Create a runner of its own for it first.`,
      );
  }
  trustAuthoritiesOf([fleet]);
  const { gitlabUrl } = fleet.config;
  const runnerId = await rotateRunnerToken({
    ssm,
    parameter,
    gitlab: createRunnerTokens(gitlabUrl),
    resetById:
      gitlabToken === undefined ? undefined : createGitLabAdmin(gitlabUrl, gitlabToken).resetRunnerToken,
  });
  const { managers } = await readTasks(ecs, cluster);
  const old = managers
    .map(({ facts }) => facts)
    .filter((one) => one.fleet === fleet.name && one.runnerTokenParameter === undefined && takesJobs(one));
  await drainManagers(
    ecs,
    cluster,
    old.map(({ taskArn }) => taskArn),
  );
  if (json)
    return terminal.print(JSON.stringify({ fleet: fleet.name, runnerId, drained: old.length }, undefined, 2));
  terminal.print(`Runner ${runnerId} of fleet ${fleet.name} has a new token, which is stored.`);
  terminal.print(
    `${old.length} ${old.length === 1 ? 'manager' : 'managers'} with the old one drained: running jobs finish, new jobs get new managers.`,
  );
}
