import type { ImageDefinition, JobDefinition, ServiceDefinition } from '../model/definitions.ts';
import { parseDuration } from './duration.ts';
import type {
  DefaultKeywords,
  ImageKeywords,
  JobKeywords,
  ServiceKeywords,
  VariableKeywords,
} from './keywords.ts';

/** Converts a job's keywords to the double's definition, with inherited defaults and global variables. */
export function defineJob(
  name: string,
  written: JobKeywords,
  defaults: DefaultKeywords,
  globals: VariableKeywords,
): JobDefinition {
  const { inherit } = written;
  const job = { ...inheritable(defaults, inherit?.default), ...present(written) };
  const { needs } = written;
  return present({
    name,
    stage: written.stage,
    script: written.script,
    beforeScript: job.before_script,
    afterScript: job.after_script,
    image: job.image && defineImage(job.image),
    services: job.services?.map(defineService),
    variables: { ...inheritable(globals, inherit?.variables), ...written.variables },
    artifacts: job.artifacts && defineArtifacts(job.artifacts),
    cache: job.cache?.map(({ fallback_keys: fallbackKeys, ...rest }) => present({ ...rest, fallbackKeys })),
    dependencies: written.dependencies ?? needs?.filter(({ artifacts }) => artifacts).map((need) => need.job),
    needs: needs?.map((need) => need.job),
    timeout: job.timeout === undefined ? undefined : parseDuration(job.timeout),
    allowFailure:
      typeof written.allow_failure === 'object'
        ? { exitCodes: written.allow_failure.exit_codes }
        : written.allow_failure,
    retry: job.retry && defineRetry(job.retry),
    interruptible: job.interruptible,
    when: written.when,
    tags: job.tags,
    idTokens:
      job.id_tokens && Object.fromEntries(Object.entries(job.id_tokens).map(([key, { aud }]) => [key, aud])),
    hooks: job.hooks && { preGetSourcesScript: job.hooks.pre_get_sources_script },
  });
}

type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Removes undefined values: an absent keyword must not hide a default. */
function present<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Present<T>;
}

/** The defaults or variables that a job inherits, as chosen by `inherit`. */
function inheritable<T extends object>(values: T, choice: boolean | readonly string[] | undefined): T {
  if (choice === undefined || choice === true) return values;
  const kept = choice === false ? [] : choice;
  return Object.fromEntries(Object.entries(values).filter(([key]) => kept.includes(key))) as T;
}

function defineImage(image: ImageKeywords): ImageDefinition {
  const {
    name,
    entrypoint,
    pull_policy: pullPolicy,
    docker,
  } = { entrypoint: undefined, pull_policy: undefined, docker: undefined, ...image };
  return present({ name, entrypoint, pullPolicy, executorOptions: docker && { docker } });
}

function defineService(service: ServiceKeywords): ServiceDefinition {
  const { alias, command, variables } = {
    alias: undefined,
    command: undefined,
    variables: undefined,
    ...service,
  };
  return present({ ...defineImage(service), alias, command, variables });
}

function defineArtifacts({ expire_in: expireIn, ...rest }: NonNullable<DefaultKeywords['artifacts']>) {
  return present({ ...rest, expireIn });
}

function defineRetry(retry: NonNullable<DefaultKeywords['retry']>) {
  const { max, when, exit_codes: exitCodes } = { when: undefined, exit_codes: undefined, ...retry };
  return present({ max, when, exitCodes });
}
