import { expandVariables } from '../request/expand-variables.ts';
import { type ImageRequest, userOf } from '../request/job-request.ts';
import { MOST_OPTION_CHARACTERS } from '../request/refuse-long-texts.ts';

/**
 * The user that a container is to run as, with its variables expanded, as the Docker executor does (executors/docker/docker.go
 * of 19.3, `getBuildContainerUser`); undefined: the image's own.
 * @throws {JobRefusedError} when it is too long
 */
export function planUser(
  image: Pick<ImageRequest, 'executor_opts'> | undefined,
  variables: ReadonlyMap<string, string>,
): string | undefined {
  return expandVariables(userOf(image) ?? '', variables, MOST_OPTION_CHARACTERS) || undefined;
}
