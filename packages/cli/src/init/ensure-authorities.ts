import type { SSMClient } from '@aws-sdk/client-ssm';
import { trustAuthorities } from '../gitlab/trust-authorities.ts';
import { checkCertificates, storeCertificates } from '../rotate/certificates.ts';
import type { InitRequest } from './init-request.ts';
import type { InitPlan } from './plan-init.ts';

/**
 * Lets this process trust GitLab's authorities, once they are known to be the right ones: GitLab is asked before they are stored.
 * @throws {OperationError} if they are not
 */
export async function trustRequested(
  { authorities, gitlabUrl }: InitRequest,
  { log, now }: { log(line: string): void; now(): number },
): Promise<void> {
  if (authorities === undefined) return;
  const write = (lines: readonly string[]) => {
    for (const line of lines) log(line);
  };
  await checkCertificates(authorities, gitlabUrl, { check: true, now: now(), write });
  trustAuthorities(authorities);
}

/** Stores GitLab's authorities before anything of GitLab needs them. Managers read them when they start. */
export async function ensureAuthorities(
  ssm: SSMClient,
  parameter: string,
  { authorities, fleet }: InitRequest,
  { steps }: InitPlan,
  log: (line: string) => void,
): Promise<void> {
  const step = steps.find(({ part }) => part === 'authorities');
  if (authorities === undefined || step === undefined || step.action === 'keep') return;
  await storeCertificates(ssm, parameter, authorities);
  const later =
    step.action === 'change' ? `; managers that run keep the former ones: sgr drain --fleet ${fleet}` : '';
  log(`✓ GitLab's authorities are stored${later}`);
}
