import { existsSync } from 'node:fs';

/** Name of the host's CA bundle in a build context. Dockerfiles copy it with a pattern, since it may be missing. */
export const CA_BUNDLE_FILE = 'ca-certificates.crt';

/** Paths of the CA bundle in Linux distributions: Debian and Alpine, Fedora, openSUSE. */
const KNOWN_PATHS = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
];

/**
 * The host's CA bundle, so that builds behind a TLS-inspecting proxy reach package registries as the host does.
 * Undefined if the host has none (macOS, Windows): builds then trust what the image trusts.
 */
export function hostCaBundle(): string | undefined {
  return KNOWN_PATHS.find((path) => existsSync(path));
}
