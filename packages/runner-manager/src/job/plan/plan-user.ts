import { expandVariables } from '../request/expand-variables.ts';
import { type ImageRequest, userOf } from '../request/job-request.ts';
import { MAX_OPTION_CHARACTERS } from '../request/refuse-long-texts.ts';

/**
 * The user that a container runs as, with variables expanded as in the Docker executor (executors/docker/docker.go of 19.3,
 * `getBuildContainerUser`); undefined for the image's own.
 * @throws {JobRefusedError} when it is too long
 */
export function planUser(
  image: Pick<ImageRequest, 'executor_opts'> | undefined,
  variables: ReadonlyMap<string, string>,
): string | undefined {
  return expandVariables(userOf(image) ?? '', variables, MAX_OPTION_CHARACTERS) || undefined;
}
