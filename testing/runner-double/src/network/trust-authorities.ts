import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

const trusted = new Set<string>();

/**
 * Lets all requests of this process trust the authorities in a file (`tls-ca-file`, `CI_SERVER_TLS_CA_FILE`) besides public
 * ones. Does nothing without a file. @returns the file's content
 */
export function trustAuthorities(file: string | undefined): string {
  if (file === undefined || file === '') return '';
  const certificates = readFileSync(file, 'utf8');
  if (!trusted.has(certificates)) {
    trusted.add(certificates);
    setDefaultCACertificates([...getCACertificates('default'), certificates]);
  }
  return certificates;
}
