import { DeleteParameterCommand, GetParameterCommand } from '@aws-sdk/client-ssm';
import { parameterNames } from '@serverless-gitlab-runner/fleet';
import { chooseFleet, type ValidFleet } from '../choose-fleet.ts';
import { type Clients, createClients } from '../clients.ts';
import { readFleets } from '../fleets.ts';
import { findHooks } from '../gitlab/find-hooks.ts';
import { unlessRefused } from '../gitlab/gitlab-error.ts';
import { createGitLabHooks } from '../gitlab/gitlab-hooks.ts';
import { fleetOfHook, type HookPlace, placeName } from '../gitlab/hook-place.ts';
import { trustAuthoritiesOf } from '../gitlab/trust-authorities.ts';
import { findInstallation, type Installation } from '../installation.ts';
import { knownPlaces, readKnownProjects } from '../known-projects.ts';
import { OperationError } from '../operation-error.ts';
import { readLogLines } from '../read-log-lines.ts';
import { DEFAULT_COLUMNS, type Terminal } from '../terminal.ts';
import { wrap } from '../wrap.ts';
import { secretUse, whyNotFinished } from './finish-webhook-secret.ts';
import { rotateWebhookSecret } from './rotate-webhook-secret.ts';

interface RotateOptions {
  fleet?: string;
  /** Deletes the previous secret. */
  finish: boolean;
  /** Deletes it although webhooks may still send it. */
  yes: boolean;
  json: boolean;
  places: readonly HookPlace[];
  gitlabToken: string | undefined;
}

/** `sgr rotate webhook-secret`. @returns false if a webhook could not be changed */
export async function printRotateWebhookSecret(
  options: RotateOptions,
  terminal: Terminal,
  clients: Clients = createClients(),
): Promise<boolean> {
  const installation = await findInstallation(clients.cloudFormation);
  const fleet = chooseFleet(await readFleets(clients.ssm, installation.parameterPrefix), options.fleet);
  const write = (result: object, lines: readonly string[]) => {
    if (options.json) return terminal.print(JSON.stringify(result, undefined, 2));
    for (const line of lines)
      for (const part of wrap(line, terminal.columns ?? DEFAULT_COLUMNS)) terminal.print(part);
  };
  if (options.finish) {
    await finish(fleet, options.yes, installation, clients);
    write({ fleet: fleet.name, state: 'finished' }, [
      `Only the new webhook secret of fleet ${fleet.name} is accepted from now on, within a minute.`,
    ]);
    return true;
  }
  const names = parameterNames(installation.parameterPrefix, fleet.name);
  const { secret, isResumed } = await rotateWebhookSecret(clients.ssm, names);
  const { changed, unchanged } = await changeHooks(fleet, secret, options, installation, clients, terminal);
  write({ fleet: fleet.name, state: 'both-accepted', isResumed, changed, unchanged }, [
    isResumed
      ? `A rotation of fleet ${fleet.name} was not finished; its new secret is used. The previous one is accepted too.`
      : `A new webhook secret of fleet ${fleet.name} is stored. The previous one is accepted too.`,
    ...changed.map((hook) => `Changed at GitLab: ${hook}`),
    ...unchanged.map((hook) => `NOT changed at GitLab: ${hook}`),
    ...(changed.length > 0
      ? ['If other projects or groups have webhooks of this fleet, name them with --project and --group.']
      : byHand(names.webhookSecret, installation.region, options.gitlabToken !== undefined)),
    `When webhooks have arrived with the new secret: sgr rotate webhook-secret --fleet ${fleet.name} --finish`,
  ]);
  return unchanged.length === 0;
}

function byHand(parameter: string, region: string, searched: boolean): string[] {
  return [
    searched
      ? 'No webhook with the URL of this fleet was found: name its project or group with --project or --group, or enter the secret in Settings → Webhooks → Edit → Secret token. This prints it:'
      : 'Enter it in each webhook of this fleet (Settings → Webhooks → Edit → Secret token), or run this again with GITLAB_TOKEN (scope api). This prints it:',
    `aws ssm get-parameter --region ${region} --with-decryption --query Parameter.Value --output text --name ${parameter}`,
  ];
}

async function changeHooks(
  fleet: ValidFleet,
  secret: string,
  { gitlabToken, places }: RotateOptions,
  { webhookUrl, logGroups }: Installation,
  { logs }: Clients,
  { printError, now }: Terminal,
): Promise<{ changed: string[]; unchanged: string[] }> {
  if (gitlabToken === undefined) return { changed: [], unchanged: [] };
  const projects = await readKnownProjects(logs, logGroups.receiver, now());
  trustAuthoritiesOf([fleet]);
  const api = createGitLabHooks(fleet.config.gitlabUrl, gitlabToken);
  const found = await findHooks(api, knownPlaces([fleet], projects, places), webhookUrl, printError);
  const [changed, unchanged]: [string[], string[]] = [[], []];
  for (const { place, hook } of found.filter((one) => fleetOfHook(one.hook) === fleet.name)) {
    const done = await unlessRefused(async () => {
      await api.setSecret(place, hook, secret);
      return true;
    }, printError);
    (done ? changed : unchanged).push(`webhook ${hook.id} of ${placeName(place)}`);
  }
  return { changed, unchanged };
}

/** @throws {OperationError} if no rotation is under way, or webhooks may still send the previous secret */
async function finish(
  { name }: ValidFleet,
  yes: boolean,
  { parameterPrefix, logGroups }: Installation,
  { ssm, logs }: Clients,
): Promise<void> {
  const names = parameterNames(parameterPrefix, name);
  const { Parameter } = await ssm.send(
    new GetParameterCommand({ Name: names.webhookSecret, WithDecryption: false }),
  );
  const since = Parameter?.LastModifiedDate?.getTime() ?? 0;
  const lines = await readLogLines(logs, {
    logGroupName: logGroups.receiver,
    filterPattern: '"webhook answered"',
    since,
  });
  const problem = whyNotFinished(secretUse(name, lines));
  if (problem !== undefined && !yes)
    throw new OperationError(`${problem} --yes deletes the previous secret anyway.`);
  try {
    await ssm.send(new DeleteParameterCommand({ Name: names.previousWebhookSecret }));
  } catch (error) {
    // Finished by an earlier run.
    if ((error as Error).name !== 'ParameterNotFound') throw error;
  }
}
