import { readFile } from 'node:fs/promises';
import { DeleteParameterCommand, PutParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { takesJobs } from '@serverless-gitlab-runner/aws/ecs-tasks';
import {
  type Certificate,
  certificatesText,
  InvalidCertificatesError,
  parameterNames,
  parseCertificates,
} from '@serverless-gitlab-runner/fleet';
import { chooseFleet, type ValidFleet } from '../choose-fleet.ts';
import { type Clients, createClients } from '../clients.ts';
import { confirm } from '../confirm.ts';
import { drainManagers } from '../drain/drain-managers.ts';
import { readFleets } from '../fleets.ts';
import { findInstallation } from '../installation.ts';
import { OperationError, UsageError } from '../operation-error.ts';
import { readTasks } from '../tasks.ts';
import { DEFAULT_COLUMNS, type Terminal } from '../terminal.ts';
import { wrap } from '../wrap.ts';
import { type CertificateChanges, checkStorable, compareCertificates } from './compare-certificates.ts';
import { renderCertificateChanges } from './render-certificates.ts';
import { testTrust } from './test-trust.ts';

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

/** AWS's price of an advanced parameter. @see https://aws.amazon.com/systems-manager/pricing/ */
const ADVANCED_USD_PER_MONTH = 0.05;

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
  const before = storedCertificates(fleet);
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
  if (!remove) await checkNew(after, fleet, { check, now, write });
  await confirm(remove ? 'Remove them?' : 'Store this?', yes, terminal);
  await (remove ? removeParameter(clients.ssm, parameter) : store(clients.ssm, parameter, after));
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

/** @throws {OperationError} if there is no such file, or it holds no certificates */
async function readCertificates(file: string): Promise<Certificate[]> {
  try {
    return parseCertificates(await readFile(file, 'utf8'));
  } catch (cause) {
    const problem =
      cause instanceof InvalidCertificatesError
        ? cause.message
        : `It cannot be read (${(cause as Error).message})`;
    throw new OperationError(`${file}: ${problem}.`, { cause });
  }
}

/** What is stored; undefined if it is invalid. */
function storedCertificates({ certificateAuthorities }: ValidFleet): Certificate[] | undefined {
  if (certificateAuthorities === undefined) return [];
  try {
    return parseCertificates(certificateAuthorities);
  } catch (error) {
    if (error instanceof InvalidCertificatesError) return undefined;
    throw error;
  }
}

function nothingToDo(fleet: string, after: readonly Certificate[]): string {
  return after.length === 0
    ? `Fleet ${fleet} has no certificates of its own.`
    : `Fleet ${fleet} has these certificates already.`;
}

/** @throws {OperationError} if they cannot be stored, or GitLab could not be trusted by them */
async function checkNew(
  certificates: readonly Certificate[],
  { config: { gitlabUrl } }: ValidFleet,
  { check, now, write }: { check: boolean; now: number; write(lines: readonly string[]): void },
): Promise<void> {
  if (checkStorable(certificates, now) === 'advanced')
    write([
      `More than 4,096 characters need an advanced parameter, which costs $${ADVANCED_USD_PER_MONTH.toFixed(2)} a month until it is removed (--remove).`,
    ]);
  if (!check) return;
  if (!gitlabUrl.startsWith('https:'))
    throw new OperationError(`${gitlabUrl} is not reached by TLS, so no certificate is used (--no-check).`);
  const trust = await testTrust(gitlabUrl, certificatesText(certificates));
  if (trust.kind === 'refused')
    throw new OperationError(
      `By these certificates alone ${gitlabUrl} is not trusted (${trust.reason}), and git in jobs uses no others for it. Add the root certificate that has signed GitLab's. If this machine sees another certificate of GitLab than managers do: --no-check.`,
    );
  write([
    trust.kind === 'trusted'
      ? `${gitlabUrl} is trusted by them.`
      : `${gitlabUrl} cannot be reached from here (${trust.reason}), so it was not checked that it is trusted by them.`,
  ]);
}

/** An advanced parameter stays one, and a standard one becomes advanced if it must. */
async function store(ssm: SSMClient, Name: string, certificates: readonly Certificate[]): Promise<void> {
  const Value = certificatesText(certificates);
  const Tier = 'Intelligent-Tiering';
  await ssm.send(new PutParameterCommand({ Name, Value, Type: 'String', Tier, Overwrite: true }));
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
