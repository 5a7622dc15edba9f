import type { Architecture } from '@serverless-gitlab-runner/fleet';

/** This machine's architecture, as ECS names it: the default of all images. */
export const HOST_ARCHITECTURE: Architecture = process.arch === 'arm64' ? 'ARM64' : 'X86_64';

/** Architectures as Docker names them. */
export const PLATFORM: Readonly<Record<Architecture, string>> = {
  X86_64: 'linux/amd64',
  ARM64: 'linux/arm64',
};

/**
 * Name of an image for an architecture. Docker's classic image store holds one architecture under a name, so the other one
 * gets a suffix. The AWS emulator treats an image with that suffix as the architecture's entry of a manifest list.
 */
export function nameFor(image: string, architecture: Architecture): string {
  return architecture === HOST_ARCHITECTURE
    ? image
    : `${image}-${PLATFORM[architecture].slice('linux/'.length)}`;
}
