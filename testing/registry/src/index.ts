/** A registry on this machine, and projects outside the repository that install from it. */
export { LocalRegistry } from './local-registry.ts';
export { publishRelease } from './publish-release.ts';
export { ScratchProject } from './scratch-project.ts';
