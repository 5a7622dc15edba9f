import type { Architecture, CapacityProvider } from '@serverless-gitlab-runner/fleet';

/**
 * Reads an architecture as people write it: a variable, or the platform of `image: docker: platform`.
 * @returns undefined when it is none that Fargate has for Linux
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

/** Capacity providers in the order to try, from `spot,on-demand`; undefined when one of them is unknown. */
export function parseCapacity(text: string): readonly CapacityProvider[] | undefined {
  const providers = text.split(',').map((word) => CAPACITY_WORDS.get(word.trim().toLowerCase()));
  const known = providers.filter((provider) => provider !== undefined);
  return known.length < providers.length ? undefined : [...new Set(known)];
}

/** A TCP port, or undefined. */
export function parsePort(text: string): number | undefined {
  const port = Number(text);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}
