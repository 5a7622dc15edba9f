import { quoted } from '../../bounded-text.ts';
import { JobRefusedError } from '../../errors.ts';
import { type ImageReference, isOneOf, parseImageReference } from '../plan/image-reference.ts';
import type { JobOverrides } from './job-overrides.ts';

/** Alternatives to what Fargate does not support. Each ends a line of the job log. */
export const INSTEAD = {
  // Only what was verified to work without privileges and user namespaces; docs/building-images.md lists what was tried.
  builds:
    'Build images with kaniko instead; docs/building-images.md of serverless-gitlab-runner has an example job.',
  clusters: 'Use a cluster that runs elsewhere, or a runner with the Kubernetes or Docker executor.',
  windows: 'Choose a Linux image or another runner.',
  terminal: 'Use a runner with the Docker or Kubernetes executor, or GitLab Workspaces.',
};

/** Templates such as GitLab's Code Quality declare the service, but what they run may not need it. */
const OMIT_SERVICE =
  ' A job that does not need it, such as a scan from a template, can omit it with `services: []`.';

/** Explains by an image's name why Fargate cannot run it; undefined if no reason is known. */
export function refuseKindOfImage(what: string, name: string): string | undefined {
  const parts = parseImageReference(name);
  const instead = insteadOfPrivileged(parts);
  if (instead) {
    const omit = what === 'service' ? OMIT_SERVICE : '';
    return `The ${what} "${name}" needs a privileged container, which Fargate does not support. ${instead}${omit}`;
  }
  if (isWindows(parts)) {
    return `The ${what} "${name}" is for Windows, but this fleet runs Linux containers. ${INSTEAD.windows}`;
  }
  return undefined;
}

/** Alternative to an image whose programs need a privileged container; undefined for other images. */
function insteadOfPrivileged(image: ImageReference): string | undefined {
  // BuildKit's rootless variant needs user namespaces, which containers on Fargate may not create either.
  const builders = ['moby/buildkit', 'earthly/earthly', 'earthly/buildkitd'];
  if (isDockerDaemon(image) || isOneOf(image, builders)) return INSTEAD.builds;
  const isKicbase = image.name === 'kicbase' && image.path.length > 1;
  return isKicbase || isOneOf(image, ['rancher/k3s', 'kindest/node']) ? INSTEAD.clusters : undefined;
}

function isDockerDaemon({ name, tag }: ImageReference): boolean {
  const isTagged = tag.startsWith('dind') || tag.includes('-dind');
  return name === 'dind' || name.endsWith('-dind') || (name === 'docker' && isTagged);
}

function isWindows({ path, name, tag }: ImageReference): boolean {
  const folders = path.slice(0, -1);
  return (
    folders.includes('windows') ||
    folders.includes('windows-cssc') ||
    (folders.length > 0 && ['nanoserver', 'servercore'].includes(name)) ||
    tag.includes('windowsservercore') ||
    tag.includes('nanoserver') ||
    folders.join('/').endsWith('/dotnet/framework')
  );
}

/** Whether an image is the Docker client, without a daemon. */
export function isDockerClient(image: string): boolean {
  const parts = parseImageReference(image);
  return parts.name === 'docker' && !isDockerDaemon(parts);
}

/**
 * Refuses what a job requests by its variables and Fargate cannot do.
 * @param hostnames host names of the job's services
 * @throws {JobRefusedError}
 */
export function refuseKindOfJob(
  { isWebTerminal, dockerHost }: JobOverrides,
  image: string,
  hostnames: readonly string[],
): void {
  if (isWebTerminal) {
    throw new JobRefusedError([
      `This job is an interactive web terminal, which jobs on Fargate do not support. ${INSTEAD.terminal}`,
    ]);
  }
  // With other images, the variable may be set for a whole pipeline and never be read.
  if (!dockerHost || parseImageReference(image).name !== 'docker') return;
  const setting = `DOCKER_HOST is ${quoted(dockerHost)}`;
  if (dockerHost.startsWith('unix:') || dockerHost.startsWith('npipe:')) {
    throw new JobRefusedError([
      `${setting}, but a job on Fargate has no Docker daemon and cannot mount files of its host. ${INSTEAD.builds}`,
    ]);
  }
  const host = /^\w+:\/\/([^:/]+)/.exec(dockerHost)?.[1];
  const nameInTask = ['docker', 'dind', 'localhost', '127.0.0.1'].find((each) => each === host);
  if (nameInTask === undefined || hostnames.includes(nameInTask)) return;
  throw new JobRefusedError([
    `${setting}, but no service of this job is a Docker daemon, which would need a privileged container. Fargate does not support those. ${INSTEAD.builds}`,
  ]);
}
