import { existsSync } from 'node:fs';

/** Name under which a build context holds the host's CA bundle; Dockerfiles copy it with a pattern, as it may be missing. */
export const CA_BUNDLE_FILE = 'ca-certificates.crt';

/** Where Linux distributions keep their CA bundle: Debian and Alpine, Fedora, openSUSE. */
const KNOWN_PATHS = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
];

/**
 * The host's CA bundle, so that a build behind a TLS-inspecting proxy reaches package registries as the host does.
 * Undefined where there is none (macOS, Windows): builds then trust what the image trusts.
 */
export function hostCaBundle(): string | undefined {
  return KNOWN_PATHS.find((path) => existsSync(path));
}
