import { X509Certificate } from 'node:crypto';

/** Parameter Store's limits in characters. The larger one is that of an advanced parameter, which AWS bills. */
export const CERTIFICATES_LENGTH = { standard: 4096, advanced: 8192 } as const;

/** A certificate that a fleet's GitLab is trusted by. Times are milliseconds since 1970. */
export interface Certificate {
  /** On one line, such as `CN=Example CA, O=Example`. */
  subject: string;
  /** SHA-256 of the certificate. */
  fingerprint: string;
  validFrom: number;
  validTo: number;
  /** Whether it may sign others. */
  isAuthority: boolean;
  /** Without what a file may contain around it. */
  pem: string;
}

/** A text holds no certificates, or something else as well. The message says what. */
export class InvalidCertificatesError extends Error {
  override readonly name = 'InvalidCertificatesError';
}

/**
 * Parses certificates in PEM format. Text around them is ignored, and a certificate that occurs twice counts once.
 * @throws {InvalidCertificatesError} if there is none, or if the text contains anything else, such as a private key
 */
export function parseCertificates(text: string): Certificate[] {
  if (text.includes('PRIVATE KEY-----'))
    throw new InvalidCertificatesError('It contains a private key: only certificates belong here');
  const blocks = blocksOf(text);
  const other = blocks.find(({ kind }) => kind !== 'CERTIFICATE');
  if (other) throw new InvalidCertificatesError(`It contains "${other.kind}": only certificates belong here`);
  if (blocks.length === 0)
    throw new InvalidCertificatesError(
      'It contains no certificate in PEM format, which begins with -----BEGIN CERTIFICATE-----',
    );
  const found = blocks.map(({ pem }, index) => parseCertificate(pem, index + 1));
  return [...new Map(found.map((one) => [one.fingerprint, one])).values()];
}

/** The text that is stored: the certificates, and nothing else. */
export function certificatesText(certificates: readonly Certificate[]): string {
  return certificates.map(({ pem }) => `${pem}\n`).join('');
}

const BEGIN = '-----BEGIN ';

/** The complete blocks of a text in PEM format. */
function blocksOf(text: string): { kind: string; pem: string }[] {
  const [, ...begun] = text.split(BEGIN);
  return begun.flatMap((rest) => {
    const kind = rest.slice(0, Math.max(0, rest.indexOf('-----')));
    const end = `-----END ${kind}-----`;
    const at = rest.indexOf(end);
    return at < 0 ? [] : [{ kind, pem: `${BEGIN}${rest.slice(0, at)}${end}` }];
  });
}

function parseCertificate(pem: string, position: number): Certificate {
  try {
    const read = new X509Certificate(pem);
    return {
      subject: read.subject.split('\n').toReversed().join(', '),
      fingerprint: read.fingerprint256,
      validFrom: read.validFromDate.getTime(),
      validTo: read.validToDate.getTime(),
      isAuthority: read.ca,
      pem: read.toString().trim(),
    };
  } catch (cause) {
    throw new InvalidCertificatesError(`Its certificate ${position} cannot be read`, { cause });
  }
}
