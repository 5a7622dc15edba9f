import type { JobRequest } from './job-request.ts';

/** What Fargate has not, and what to do instead. Each is one line in the job log. */
const INSTEAD = {
  // Only what was seen to work without privileges and user namespaces: docs/building-images.md has what was tried.
  builds:
    'Build images with kaniko instead: docs/building-images.md of serverless-gitlab-runner has the job.',
  clusters: 'Use a cluster that runs elsewhere, or a runner with the Kubernetes or Docker executor, instead.',
  windows: 'Choose a Linux image or another runner.',
  terminal: 'Use a runner with the Docker or Kubernetes executor for it, or GitLab Workspaces.',
};

/** Images whose programs need a privileged container, by name and tag. */
const PRIVILEGED: readonly (readonly [RegExp, string])[] = [
  [/(^|\/)docker:(.*-)?dind|(^|[/-])dind(:|@|$)/, INSTEAD.builds],
  // Its rootless variant needs user namespaces, which Fargate's containers may not make either.
  [/(^|\/)moby\/buildkit(:|@|$)/, INSTEAD.builds],
  [/(^|\/)earthly\/(earthly|buildkitd)(:|@|$)/, INSTEAD.builds],
  [/(^|\/)rancher\/k3s(:|@|$)|(^|\/)kindest\/node(:|@|$)|\/kicbase(:|@|$)/, INSTEAD.clusters],
];

const WINDOWS =
  /(^|\/)windows(\/|-cssc\/)|\/(nanoserver|servercore)(:|@|$)|:[^/]*(windowsservercore|nanoserver)|\/dotnet\/framework\//;

/** Why Fargate cannot run an image, by its name, in words; undefined when nothing is known against it. */
export function refuseKindOfImage(what: string, name: string): string | undefined {
  const [, instead] = PRIVILEGED.find(([pattern]) => pattern.test(name)) ?? [];
  if (instead) {
    const way = what === 'service' ? ' A job that does not need it leaves it out by `services: []`.' : '';
    return `The ${what} "${name}" needs a privileged container, which Fargate does not have. ${instead}${way}`;
  }
  if (WINDOWS.test(name)) {
    return `The ${what} "${name}" is for Windows: this fleet runs Linux containers. ${INSTEAD.windows}`;
  }
  return undefined;
}

const DOCKER_IMAGE = /^(docker\.io\/)?(library\/)?docker(:|@|$)|\/docker(:|@|$)/;
/** What to say of an image that is the Docker client: elsewhere a runner may mount its host's socket; undefined of others. */
export function noteOnDockerClient(image: string): string | undefined {
  return DOCKER_IMAGE.test(image) && !PRIVILEGED.some(([pattern]) => pattern.test(image))
    ? `There is no Docker daemon for ${image} on Fargate, unless DOCKER_HOST names one elsewhere. ${INSTEAD.builds}`
    : undefined;
}

const LOCAL_SOCKET = /^unix:|^npipe:/;

/**
 * Why Fargate cannot do what a job asks for by its variables, in words.
 * @param hostnames names of the job's services
 */
export function refuseKindOfJob(
  { variables }: JobRequest,
  image: string,
  hostnames: readonly string[],
): string | undefined {
  if (variables.get('CI_PIPELINE_SOURCE') === 'webide') {
    return `This is a job for an interactive web terminal, which a job on Fargate does not offer. ${INSTEAD.terminal}`;
  }
  const host = variables.get('DOCKER_HOST');
  // Other images may well be given the variable for all jobs of a pipeline, and never look at it.
  if (!host || !DOCKER_IMAGE.test(image)) return undefined;
  if (LOCAL_SOCKET.test(host)) {
    return `DOCKER_HOST is "${host}": a job on Fargate has no Docker daemon, and mounts nothing of its host. ${INSTEAD.builds}`;
  }
  const name = /^\w+:\/\/([^:/]+)/.exec(host)?.[1] ?? '';
  const isOfTheJob = ['docker', 'dind', 'localhost', '127.0.0.1'].includes(name);
  if (!isOfTheJob || hostnames.includes(name)) return undefined;
  return `DOCKER_HOST is "${host}", but no service of this job is a Docker daemon: it would need a privileged container, which Fargate does not have. ${INSTEAD.builds}`;
}
