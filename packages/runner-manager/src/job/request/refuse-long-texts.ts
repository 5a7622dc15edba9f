import { refuseLonger } from '../../bounded-text.ts';
import { JobRefusedError } from '../../errors.ts';
import type { ImageRequest, JobRequest, ServiceRequest } from './job-request.ts';

/** ECS allows 10 containers per task; helper and build are two of them. */
const MAX_SERVICES = 8;
/** Characters of an image name before its variables are expanded. */
export const MAX_IMAGE_CHARACTERS = 2048;
/** Characters of all aliases of a service; each may have 255. */
export const MAX_ALIAS_CHARACTERS = 4096;
/** Characters of a user or a platform. */
export const MAX_OPTION_CHARACTERS = 255;
/** Characters of the entry points and commands of all containers. ECS allows 64 KiB for a whole task definition. */
const MAX_COMMAND_CHARACTERS = 32_768;
const MAX_ARGUMENTS = 1000;

/**
 * Refuses a job with an overlong text. Called before anything else is planned, so that such a text never reaches a pattern or
 * a log line.
 * @throws {JobRefusedError} at the first overlong text
 */
export function refuseLongTexts({ image, services }: JobRequest): void {
  if (services.length > MAX_SERVICES) {
    throw new JobRefusedError([
      `The job has ${services.length} services, but a Fargate task has room for at most ${MAX_SERVICES} besides the job. Start some of them in the script, or split the job.`,
    ]);
  }
  if (image) refuseLongImage('image', image);
  for (const service of services) {
    refuseLongImage('service', service);
    refuseLonger('The alias', service.alias, MAX_ALIAS_CHARACTERS);
  }
  refuseLongCommands([image, ...services]);
}

function refuseLongImage(what: string, { name, executor_opts: options }: ImageRequest): void {
  refuseLonger(`The ${what}`, name, MAX_IMAGE_CHARACTERS);
  const { docker, kubernetes } = options ?? {};
  refuseLonger(`The user of the ${what}`, docker?.user || kubernetes?.user, MAX_OPTION_CHARACTERS);
  refuseLonger(`The platform of the ${what}`, docker?.platform, MAX_OPTION_CHARACTERS);
}

function refuseLongCommands(
  containers: readonly (Pick<ServiceRequest, 'entrypoint' | 'command'> | undefined)[],
): void {
  const parts = containers.flatMap((each) => [...(each?.entrypoint ?? []), ...(each?.command ?? [])]);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (parts.length <= MAX_ARGUMENTS && length <= MAX_COMMAND_CHARACTERS) return;
  throw new JobRefusedError([
    `The job's entry points and commands have ${parts.length} arguments with ${length} characters; at most ${MAX_ARGUMENTS} arguments with ${MAX_COMMAND_CHARACTERS} characters are allowed. Move long ones into a script in the image or the project.`,
  ]);
}
