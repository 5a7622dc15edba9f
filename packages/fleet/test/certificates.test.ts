import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { certificatesText, InvalidCertificatesError, parseCertificates } from '../src/index.ts';

const file = (name: string) =>
  readFileSync(new URL(`../../aws/test/fixtures/tls/${name}`, import.meta.url), 'utf8');
const [CA, OTHER, SERVER, KEY] = ['ca.crt', 'other-ca.crt', 'localhost.crt', 'localhost.key'].map(file);

describe('certificates', () => {
  it('are read with their subject, validity and fingerprint', () => {
    expect(parseCertificates(CA ?? '')).toEqual([
      {
        subject: 'CN=Example CA 1, O=Example',
        fingerprint: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/),
        validFrom: Date.parse('2026-11-30T11:00:28Z'),
        validTo: Date.parse('2126-11-06T11:00:28Z'),
        isAuthority: true,
        pem: CA?.trim(),
      },
    ]);
    expect(parseCertificates(SERVER ?? '')).toMatchObject([{ subject: 'CN=localhost', isAuthority: false }]);
  });

  it('may be several; comments and repetitions are left out', () => {
    const text = `# the new one\r\n${OTHER}\nsubject=old\n${CA}\n${OTHER}`;
    const found = parseCertificates(text);
    expect(found.map(({ subject }) => subject)).toEqual([
      'CN=Example CA 2, O=Example',
      'CN=Example CA 1, O=Example',
    ]);
    expect(certificatesText(found)).toBe(`${OTHER}${CA}`);
    expect(parseCertificates(certificatesText(found))).toEqual(found);
  });

  it('with the line ends of Windows are the same', () => {
    expect(parseCertificates(CA?.replaceAll('\n', '\r\n') ?? '')).toEqual(parseCertificates(CA ?? ''));
  });

  it.each([
    ['nothing', '', 'no certificate in PEM format'],
    ['another text', 'https://gitlab.example.com', 'no certificate in PEM format'],
    ['a private key', KEY, 'a private key'],
    ['a private key after a certificate', `${CA}${KEY}`, 'a private key'],
    ['an encrypted key', '-----BEGIN ENCRYPTED PRIVATE KEY-----', 'a private key'],
    [
      'a request',
      `${CA}-----BEGIN CERTIFICATE REQUEST-----\nMA==\n-----END CERTIFICATE REQUEST-----`,
      'REQUEST',
    ],
    ['a damaged certificate', `${CA}${OTHER?.replace('MI', 'AA')}`, 'Its certificate 2 cannot be read'],
    ['half of one', CA?.slice(0, 300), 'no certificate in PEM format'],
  ])('are not %s', (_title, text = '', problem) => {
    expect(() => parseCertificates(text)).toThrow(InvalidCertificatesError);
    expect(() => parseCertificates(text)).toThrow(problem);
  });
});
