import { parameterNames } from '@serverless-gitlab-runner/fleet';
import { chooseFleet } from '../choose-fleet.ts';
import { type Clients, createClients } from '../clients.ts';
import { readFleets } from '../fleets.ts';
import { createGitLabAdmin } from '../gitlab/gitlab-admin.ts';
import { createRunnerTokens } from '../gitlab/runner-token.ts';
import { trustAuthoritiesOf } from '../gitlab/trust-authorities.ts';
import { findInstallation } from '../installation.ts';
import { OperationError, UsageError } from '../operation-error.ts';
import { readSecret } from '../secrets.ts';
import type { Terminal } from '../terminal.ts';

/** `sgr fleet pause` and `resume`: the fleet's runner takes no jobs, or takes jobs again. Running jobs go on. */
export async function pauseFleet(
  { name, paused, gitlabToken }: { name: string; paused: boolean; gitlabToken: string | undefined },
  terminal: Terminal,
  { cloudFormation, ssm }: Pick<Clients, 'cloudFormation' | 'ssm'> = createClients(),
): Promise<void> {
  if (gitlabToken === undefined)
    throw new UsageError('Set GITLAB_TOKEN (scope api or manage_runner): GitLab pauses the runner.');
  const { parameterPrefix } = await findInstallation(cloudFormation);
  const token = await readSecret(ssm, parameterNames(parameterPrefix, name).runnerToken);
  const fleet = chooseFleet(await readFleets(ssm, parameterPrefix), name);
  trustAuthoritiesOf([fleet]);
  const { gitlabUrl } = fleet.config;
  const id = token === undefined ? undefined : await createRunnerTokens(gitlabUrl).idOf(token);
  if (id === undefined)
    throw new OperationError(
      `Fleet ${name} has no valid runner token, so its runner is not known: run \`sgr init\`.`,
    );
  await createGitLabAdmin(gitlabUrl, gitlabToken).pauseRunner(id, paused);
  terminal.print(
    `Runner ${id} of fleet ${name} ${paused ? 'is paused: it takes no jobs' : 'takes jobs again'}.`,
  );
}
