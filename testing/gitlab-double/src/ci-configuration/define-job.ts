import { InvalidPipelineError } from '../errors.ts';
import type { ImageDefinition, JobDefinition, ServiceDefinition } from '../model/definitions.ts';
import { parseDuration } from './duration.ts';
import type {
  DefaultKeywords,
  ImageKeywords,
  JobKeywords,
  ServiceKeywords,
  VariableKeywords,
} from './keywords.ts';
import type { MatchedRule } from './rules/evaluate-rules.ts';

/** Makes the double's definition of a job of what was written, with the defaults and global variables it inherits. */
export function defineJob(
  name: string,
  written: JobKeywords,
  defaults: DefaultKeywords,
  globals: VariableKeywords,
  rule?: MatchedRule,
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
    variables: { ...variablesOf(written, globals), ...rule?.variables },
    artifacts: job.artifacts && defineArtifacts(job.artifacts),
    cache: job.cache?.map(({ fallback_keys: fallbackKeys, ...rest }) => present({ ...rest, fallbackKeys })),
    dependencies: written.dependencies ?? needs?.filter(({ artifacts }) => artifacts).map((need) => need.job),
    needs: needs?.map((need) => need.job),
    timeout: job.timeout === undefined ? undefined : parseDuration(job.timeout),
    allowFailure: rule?.allowFailure ?? allowFailureOf(written),
    retry: job.retry && defineRetry(job.retry),
    interruptible: job.interruptible,
    when: whenOf(name, written, rule),
    environment: written.environment,
    resourceGroup: written.resource_group,
    tags: job.tags,
    idTokens:
      job.id_tokens && Object.fromEntries(Object.entries(job.id_tokens).map(([key, { aud }]) => [key, aud])),
    hooks: job.hooks && { preGetSourcesScript: job.hooks.pre_get_sources_script },
  });
}

/** Variables of a job before its rules add theirs: those that it inherits, and its own. */
export function variablesOf(written: JobKeywords, globals: VariableKeywords): VariableKeywords {
  return { ...inheritable(globals, written.inherit?.variables), ...written.variables };
}

function allowFailureOf({ allow_failure: allowed }: JobKeywords): JobDefinition['allowFailure'] {
  return typeof allowed === 'object' ? { exitCodes: allowed.exit_codes } : allowed;
}

function whenOf(name: string, written: JobKeywords, rule: MatchedRule | undefined): JobDefinition['when'] {
  const when = rule?.when ?? written.when;
  if (when === 'never') return undefined;
  if (rule?.when === 'manual' && !(rule.allowFailure ?? written.allow_failure))
    throw new InvalidPipelineError(
      `jobs:${name}:rules: the double has no manual jobs that block the pipeline`,
    );
  return when;
}

type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Leaves out what is undefined: a keyword that is not written does not hide a default. */
function present<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Present<T>;
}

/** Of things that may each be missing, those that a job inherits. */
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
