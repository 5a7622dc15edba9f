import { readFile } from 'node:fs/promises';
import { PutParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import {
  type Certificate,
  certificatesText,
  InvalidCertificatesError,
  parseCertificates,
} from '@serverless-gitlab-runner/fleet';
import { OperationError } from '../operation-error.ts';
import { checkStorable } from './compare-certificates.ts';
import { testTrust } from './test-trust.ts';

/** AWS's price of an advanced parameter. @see https://aws.amazon.com/systems-manager/pricing/ */
const ADVANCED_USD_PER_MONTH = 0.05;

/** @throws {OperationError} if there is no such file, or it holds no certificates */
export async function readCertificates(file: string): Promise<Certificate[]> {
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

/** The certificates of a stored text: none if there is none, undefined if it is invalid. */
export function storedCertificates(text: string | undefined): Certificate[] | undefined {
  if (text === undefined) return [];
  try {
    return parseCertificates(text);
  } catch (error) {
    if (error instanceof InvalidCertificatesError) return undefined;
    throw error;
  }
}

export interface CheckOptions {
  /** Whether to connect to GitLab. */
  check: boolean;
  /** Milliseconds since 1970. */
  now: number;
  write(lines: readonly string[]): void;
}

/** @throws {OperationError} if certificates cannot be stored, or GitLab could not be trusted by them */
export async function checkCertificates(
  certificates: readonly Certificate[],
  gitlabUrl: string,
  { check, now, write }: CheckOptions,
): Promise<void> {
  if (checkStorable(certificates, now) === 'advanced')
    write([
      `More than 4,096 characters need an advanced parameter, which costs $${ADVANCED_USD_PER_MONTH.toFixed(2)} a month until it is removed (sgr rotate ca --remove).`,
    ]);
  if (!check) return;
  if (!gitlabUrl.startsWith('https:'))
    throw new OperationError(`${gitlabUrl} is not reached by TLS, so no certificate is used (--no-check).`);
  const trust = await testTrust(gitlabUrl, certificatesText(certificates));
  if (trust.kind === 'refused')
    throw new OperationError(
      `By these certificates alone ${gitlabUrl} is not trusted (${trust.reason}), and git in jobs uses no others for it. Add the root certificate that has signed GitLab's. If this machine sees another certificate of GitLab than managers do: sgr rotate ca --no-check.`,
    );
  write([
    trust.kind === 'trusted'
      ? `${gitlabUrl} is trusted by them.`
      : `${gitlabUrl} cannot be reached from here (${trust.reason}), so it was not checked that it is trusted by them.`,
  ]);
}

/** An advanced parameter stays one, and a standard one becomes advanced if it must. */
export async function storeCertificates(
  ssm: SSMClient,
  Name: string,
  certificates: readonly Certificate[],
): Promise<void> {
  const Value = certificatesText(certificates);
  const Tier = 'Intelligent-Tiering';
  await ssm.send(new PutParameterCommand({ Name, Value, Type: 'String', Tier, Overwrite: true }));
}
