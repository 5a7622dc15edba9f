import { CERTIFICATES_LENGTH, type Certificate, certificatesText } from '@serverless-gitlab-runner/fleet';
import { OperationError } from '../operation-error.ts';

/** What a rotation changes in the certificates by which a fleet's GitLab is trusted. */
export interface CertificateChanges {
  added: Certificate[];
  kept: Certificate[];
  removed: Certificate[];
}

/** Soon enough before a certificate expires to replace it at GitLab and here, one after the other. */
const EXPIRES_SOON_MS = 30 * 86_400_000;

export function compareCertificates(
  before: readonly Certificate[],
  after: readonly Certificate[],
): CertificateChanges {
  const isIn = (list: readonly Certificate[]) => {
    const known = new Set(list.map(({ fingerprint }) => fingerprint));
    return ({ fingerprint }: Certificate) => known.has(fingerprint);
  };
  const [wasStored, isStored] = [isIn(before), isIn(after)];
  return {
    added: after.filter((one) => !wasStored(one)),
    kept: after.filter(wasStored),
    removed: before.filter((one) => !isStored(one)),
  };
}

/** Whether a certificate is used now. @param now milliseconds since 1970 */
export function expiryOf({ validTo }: Certificate, now: number): 'expired' | 'soon' | 'later' {
  if (validTo <= now) return 'expired';
  return validTo - now <= EXPIRES_SOON_MS ? 'soon' : 'later';
}

/**
 * Checks that certificates can be stored.
 * @returns which kind of parameter they need
 * @throws {OperationError} if they are too long, or all of them have expired
 */
export function checkStorable(certificates: readonly Certificate[], now: number): 'standard' | 'advanced' {
  const { length } = certificatesText(certificates);
  if (length > CERTIFICATES_LENGTH.advanced)
    throw new OperationError(
      `The certificates have ${length} characters, and a parameter holds at most ${CERTIFICATES_LENGTH.advanced}: keep only the root certificates that have signed GitLab's, or will.`,
    );
  if (certificates.every((one) => expiryOf(one, now) === 'expired'))
    throw new OperationError('All of the certificates have expired: nothing could be trusted by them.');
  return length > CERTIFICATES_LENGTH.standard ? 'advanced' : 'standard';
}
