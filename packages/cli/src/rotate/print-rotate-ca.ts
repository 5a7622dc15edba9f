import { DeleteParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { takesJobs } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { type Certificate, parameterNames } from '@serverless-gitlab-runner/fleet';
import { chooseFleet, type ValidFleet } from '../choose-fleet.ts';
import { type Clients, createClients } from '../clients.ts';
import { confirm } from '../confirm.ts';
import { drainManagers } from '../drain/drain-managers.ts';
import { readFleets } from '../fleets.ts';
import { findInstallation } from '../installation.ts';
import { UsageError } from '../operation-error.ts';
import { readTasks } from '../tasks.ts';
import { DEFAULT_COLUMNS, type Terminal } from '../terminal.ts';
import { wrap } from '../wrap.ts';
import {
  checkCertificates,
  readCertificates,
  storeCertificates,
  storedCertificates,
} from './certificates.ts';
import { type CertificateChanges, compareCertificates } from './compare-certificates.ts';
import { renderCertificateChanges } from './render-certificates.ts';

interface RotateOptions {
  /** With certificates in PEM format; undefined: `remove`. */
  file: string | undefined;
  remove: boolean;
  fleet?: string;
  /** Whether to connect to GitLab with the new certificates first. */
  check: boolean;
  yes: boolean;
  json: boolean;
}

/** A rotation of one fleet, with where it is done. */
interface Rotation {
  fleet: ValidFleet;
  /** The certificates to store; none: removes the stored ones. */
  after: readonly Certificate[];
  changes: CertificateChanges;
  cluster: string;
  parameter: string;
  write(lines: readonly string[]): void;
}

/** `sgr rotate ca`. */
export async function printRotateCa(
  options: RotateOptions,
  terminal: Terminal,
  clients: Clients = createClients(),
): Promise<void> {
  const { file, remove, json } = options;
  if (remove === (file !== undefined)) throw new UsageError('Name a file with certificates, or --remove.');
  const { cluster, parameterPrefix } = await findInstallation(clients.cloudFormation);
  const fleet = chooseFleet(await readFleets(clients.ssm, parameterPrefix), options.fleet);
  const after = file === undefined ? [] : await readCertificates(file);
  const before = storedCertificates(fleet.certificateAuthorities);
  const changes = compareCertificates(before ?? [], after);
  const isChanged = before === undefined || changes.added.length + changes.removed.length > 0;
  const parameter = parameterNames(parameterPrefix, fleet.name).certificateAuthorities;
  const write = writer(terminal, json);
  const rotation = { fleet, after, changes, cluster, parameter, write };
  if (!isChanged) write([nothingToDo(fleet.name, after)]);
  const drained = isChanged ? await rotate(rotation, options, terminal, clients) : 0;
  if (json) terminal.print(JSON.stringify({ fleet: fleet.name, ...summary(changes), drained }, undefined, 2));
}

/** Shows, asks, stores and drains. @returns the number of managers that are drained */
async function rotate(
  { fleet, after, changes, cluster, parameter, write }: Rotation,
  { remove, check, yes }: RotateOptions,
  terminal: Terminal,
  clients: Clients,
): Promise<number> {
  const now = terminal.now();
  write(renderCertificateChanges(fleet.name, changes, now));
  if (!remove) await checkCertificates(after, fleet.config.gitlabUrl, { check, now, write });
  await confirm(remove ? 'Remove them?' : 'Store this?', yes, terminal);
  await (remove ? removeParameter(clients.ssm, parameter) : storeCertificates(clients.ssm, parameter, after));
  const drained = await drainFleet(clients, cluster, fleet.name);
  write([
    `${remove ? 'Removed' : 'Stored'}. ${drained} ${drained === 1 ? 'manager' : 'managers'} drained: running jobs finish, new jobs get new managers, which trust ${remove ? 'public authorities only' : 'these certificates'}.`,
  ]);
  return drained;
}

/** Writes lines where JSON does not go. */
function writer(terminal: Terminal, json: boolean): (lines: readonly string[]) => void {
  const { columns = DEFAULT_COLUMNS } = terminal;
  const print = json ? terminal.printError : terminal.print;
  return (lines) => {
    for (const line of lines.flatMap((one) => wrap(one, columns))) print(line);
  };
}

function nothingToDo(fleet: string, after: readonly Certificate[]): string {
  return after.length === 0
    ? `Fleet ${fleet} has no certificates of its own.`
    : `Fleet ${fleet} has these certificates already.`;
}

async function removeParameter(ssm: SSMClient, Name: string): Promise<void> {
  try {
    await ssm.send(new DeleteParameterCommand({ Name }));
  } catch (error) {
    // Removed by an earlier run.
    if ((error as Error).name !== 'ParameterNotFound') throw error;
  }
}

/** Drains the fleet's managers, which have read the certificates at their start. */
async function drainFleet({ ecs }: Clients, cluster: string, fleet: string): Promise<number> {
  const { managers } = await readTasks(ecs, cluster);
  const taking = managers.map(({ facts }) => facts).filter((one) => one.fleet === fleet && takesJobs(one));
  await drainManagers(
    ecs,
    cluster,
    taking.map(({ taskArn }) => taskArn),
  );
  return taking.length;
}

function summary(changes: CertificateChanges): Record<keyof CertificateChanges, object[]> {
  const of = (certificates: readonly Certificate[]) =>
    certificates.map(({ subject, fingerprint, validTo }) => ({
      subject,
      fingerprint,
      validTo: new Date(validTo).toISOString(),
    }));
  return { added: of(changes.added), kept: of(changes.kept), removed: of(changes.removed) };
}
