import { quoted } from '../../bounded-text.ts';
import { JobRefusedError } from '../../errors.ts';
import { type ImageReference, isOneOf, parseImageReference } from '../plan/image-reference.ts';
import type { JobOverrides } from './job-overrides.ts';

/** What Fargate lacks, and what to do instead. Each is one line in the job log. */
export const INSTEAD = {
  // Only what was seen to work without privileges and user namespaces: docs/building-images.md has what was tried.
  builds:
    'Build images with kaniko instead: docs/building-images.md of serverless-gitlab-runner has the job.',
  clusters: 'Use a cluster that runs elsewhere, or a runner with the Kubernetes or Docker executor, instead.',
  windows: 'Choose a Linux image or another runner.',
  terminal: 'Use a runner with the Docker or Kubernetes executor for it, or GitLab Workspaces.',
};

/** Templates such as GitLab's Code Quality bring the service, and what they run may do without it. */
const LEFT_OUT =
  ' A job that does not need it, such as one of a template that only scans, leaves it out by `services: []`.';

/** Why Fargate cannot run an image, by its name, in words; undefined when nothing is known against it. */
export function refuseKindOfImage(what: string, name: string): string | undefined {
  const parts = parseImageReference(name);
  const instead = insteadOfPrivileged(parts);
  if (instead) {
    const way = what === 'service' ? LEFT_OUT : '';
    return `The ${what} "${name}" needs a privileged container, which Fargate does not have. ${instead}${way}`;
  }
  if (isWindows(parts)) {
    return `The ${what} "${name}" is for Windows: this fleet runs Linux containers. ${INSTEAD.windows}`;
  }
  return undefined;
}

/** What to do instead of an image whose programs need a privileged container. */
function insteadOfPrivileged(image: ImageReference): string | undefined {
  // BuildKit's rootless variant needs user namespaces, which Fargate's containers may not make either.
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
 * Refuses what a job asks for by its variables and Fargate cannot do.
 * @param hostnames names of the job's services
 * @throws {JobRefusedError}
 */
export function refuseKindOfJob(
  { isWebTerminal, dockerHost }: JobOverrides,
  image: string,
  hostnames: readonly string[],
): void {
  if (isWebTerminal) {
    throw new JobRefusedError([
      `This is a job for an interactive web terminal, which a job on Fargate does not offer. ${INSTEAD.terminal}`,
    ]);
  }
  // Other images may well be given the variable for all jobs of a pipeline, and never look at it.
  if (!dockerHost || parseImageReference(image).name !== 'docker') return;
  const said = `DOCKER_HOST is ${quoted(dockerHost)}`;
  if (dockerHost.startsWith('unix:') || dockerHost.startsWith('npipe:')) {
    throw new JobRefusedError([
      `${said}: a job on Fargate has no Docker daemon, and mounts nothing of its host. ${INSTEAD.builds}`,
    ]);
  }
  const host = /^\w+:\/\/([^:/]+)/.exec(dockerHost)?.[1];
  const nameInTask = ['docker', 'dind', 'localhost', '127.0.0.1'].find((each) => each === host);
  if (nameInTask === undefined || hostnames.includes(nameInTask)) return;
  throw new JobRefusedError([
    `${said}, but no service of this job is a Docker daemon: it would need a privileged container, which Fargate does not have. ${INSTEAD.builds}`,
  ]);
}
