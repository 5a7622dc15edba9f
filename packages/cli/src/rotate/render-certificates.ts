import { styleText } from 'node:util';
import type { Certificate } from '@serverless-gitlab-runner/fleet';
import { type CertificateChanges, expiryOf } from './compare-certificates.ts';

/** Renders what a rotation changes, a line for each certificate. */
export function renderCertificateChanges(
  fleet: string,
  { added, kept, removed }: CertificateChanges,
  now: number,
): string[] {
  const lines = (sign: string, certificates: readonly Certificate[]) =>
    certificates.map((one) => `${sign} ${describeCertificate(one, now)}`);
  return [
    `Certificates by which fleet ${fleet} trusts its GitLab:`,
    ...lines(styleText('green', '+'), added),
    ...lines('=', kept),
    ...lines(styleText('red', '-'), removed),
  ];
}

/** Such as `CN=Example CA, until 2030-01-31`. */
export function describeCertificate(certificate: Certificate, now: number): string {
  const { subject, validFrom, validTo, isAuthority } = certificate;
  const date = (time: number) => new Date(time).toISOString().slice(0, 10);
  const expiry = {
    expired: `EXPIRED on ${date(validTo)}`,
    soon: `until ${date(validTo)}, in ${Math.floor((validTo - now) / 86_400_000)} days`,
    later: `until ${date(validTo)}`,
  }[expiryOf(certificate, now)];
  const notes = [
    ...(validFrom > now ? [`not before ${date(validFrom)}`] : []),
    ...(isAuthority ? [] : ['no authority: it is trusted as a certificate of GitLab itself']),
  ];
  return [subject === '' ? '(no subject)' : subject, expiry, ...notes].join(', ');
}
