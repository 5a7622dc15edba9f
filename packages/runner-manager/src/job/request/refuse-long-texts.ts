import { refuseLonger } from '../../bounded-text.ts';
import { JobRefusedError } from '../../errors.ts';
import type { ImageRequest, JobRequest, ServiceRequest } from './job-request.ts';

/** ECS allows 10 containers a task; helper and build are two of them. */
const MOST_SERVICES = 8;
/** Characters of an image's name as it is written, before its variables are expanded. */
export const MOST_IMAGE_CHARACTERS = 2048;
/** Characters of all of a service's aliases; each one may have 255. */
export const MOST_ALIAS_CHARACTERS = 4096;
/** Characters of a user or a platform. */
export const MOST_OPTION_CHARACTERS = 255;
/** Characters of the entry points and commands of all containers: a whole task definition may have 64 KiB. */
const MOST_COMMAND_CHARACTERS = 32_768;
const MOST_ARGUMENTS = 1000;

/**
 * Refuses a job with a text that is too long for what it is. Called before anything else is planned, so that neither a
 * pattern nor a log line ever gets such a text.
 * @throws {JobRefusedError} at the first one
 */
export function refuseLongTexts({ image, services }: JobRequest): void {
  if (services.length > MOST_SERVICES) {
    throw new JobRefusedError([
      `The job has ${services.length} services: a Fargate task has room for ${MOST_SERVICES} beside the job. Start some of them in the script, or split the job.`,
    ]);
  }
  if (image) refuseLongImage('image', image);
  for (const service of services) {
    refuseLongImage('service', service);
    refuseLonger('The alias', service.alias, MOST_ALIAS_CHARACTERS);
  }
  refuseLongCommands([image, ...services]);
}

function refuseLongImage(what: string, { name, executor_opts: options }: ImageRequest): void {
  refuseLonger(`The ${what}`, name, MOST_IMAGE_CHARACTERS);
  const { docker, kubernetes } = options ?? {};
  refuseLonger(`The user of the ${what}`, docker?.user || kubernetes?.user, MOST_OPTION_CHARACTERS);
  refuseLonger(`The platform of the ${what}`, docker?.platform, MOST_OPTION_CHARACTERS);
}

function refuseLongCommands(
  containers: readonly (Pick<ServiceRequest, 'entrypoint' | 'command'> | undefined)[],
): void {
  const parts = containers.flatMap((each) => [...(each?.entrypoint ?? []), ...(each?.command ?? [])]);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (parts.length <= MOST_ARGUMENTS && length <= MOST_COMMAND_CHARACTERS) return;
  throw new JobRefusedError([
    `The job's entry points and commands have ${parts.length} arguments with ${length} characters: at most ${MOST_ARGUMENTS} with ${MOST_COMMAND_CHARACTERS} are allowed. Put long ones into a script in the image or the project.`,
  ]);
}
