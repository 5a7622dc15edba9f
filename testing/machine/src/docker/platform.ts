import type { Architecture } from '@serverless-gitlab-runner/fleet';

/** This machine's architecture, as ECS names it: what images have unless something else is asked for. */
export const HOST_ARCHITECTURE: Architecture = process.arch === 'arm64' ? 'ARM64' : 'X86_64';

/** Architectures as Docker names them. */
export const PLATFORM: Readonly<Record<Architecture, string>> = {
  X86_64: 'linux/amd64',
  ARM64: 'linux/arm64',
};

/**
 * Name of an image for an architecture. Docker's classic image store holds one under a name, so another one has a suffix,
 * which the AWS emulator takes for that entry of a manifest list.
 */
export function nameFor(image: string, architecture: Architecture): string {
  return architecture === HOST_ARCHITECTURE
    ? image
    : `${image}-${PLATFORM[architecture].slice('linux/'.length)}`;
}
