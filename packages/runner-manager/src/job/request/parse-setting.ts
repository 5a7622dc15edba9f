import type { Architecture, CapacityProvider } from '@serverless-gitlab-runner/fleet';

/**
 * Parses an architecture in any common spelling, from a variable or from `image: docker: platform`.
 * @returns undefined if Fargate does not offer it for Linux
 */
export function parseArchitecture(text: string): Architecture | undefined {
  const name = text
    .trim()
    .toLowerCase()
    .replace(/^linux\//, '');
  if (['x86_64', 'x86-64', 'amd64', 'x64'].includes(name)) return 'X86_64';
  if (['arm64', 'arm64/v8', 'aarch64'].includes(name)) return 'ARM64';
  return undefined;
}

const CAPACITY_WORDS: ReadonlyMap<string, CapacityProvider> = new Map([
  ['fargate', 'FARGATE'],
  ['on-demand', 'FARGATE'],
  ['fargate_spot', 'FARGATE_SPOT'],
  ['spot', 'FARGATE_SPOT'],
]);

/** Parses capacity providers in the order to try (`spot,on-demand`); undefined if one of them is unknown. */
export function parseCapacity(text: string): readonly CapacityProvider[] | undefined {
  const providers = text.split(',').map((word) => CAPACITY_WORDS.get(word.trim().toLowerCase()));
  const known = providers.filter((provider) => provider !== undefined);
  return known.length < providers.length ? undefined : [...new Set(known)];
}

/** Parses a TCP port; undefined if invalid. */
export function parsePort(text: string): number | undefined {
  const port = Number(text);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}
