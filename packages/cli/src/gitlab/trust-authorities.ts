import { setDefaultCACertificates } from 'node:tls';
import { trusting } from '@serverless-gitlab-runner/aws/https';
import { type Certificate, certificatesText, type ListedFleet } from '@serverless-gitlab-runner/fleet';
import { storedCertificates } from '../rotate/certificates.ts';

/** Lets this process trust these authorities as well as those that Node trusts. */
export function trustAuthorities(authorities: readonly Certificate[]): void {
  if (authorities.length > 0) setDefaultCACertificates(trusting(certificatesText(authorities)));
}

/**
 * Lets this process trust each fleet's GitLab as the fleet's managers do, so that commands need no `NODE_EXTRA_CA_CERTS`. Invalid
 * certificates are left out: `sgr doctor` reports them.
 */
export function trustAuthoritiesOf(fleets: readonly Pick<ListedFleet, 'certificateAuthorities'>[]): void {
  trustAuthorities(
    fleets.flatMap(({ certificateAuthorities }) => storedCertificates(certificateAuthorities) ?? []),
  );
}
