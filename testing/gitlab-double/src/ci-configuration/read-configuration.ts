import * as z from 'zod';
import { InvalidPipelineError } from '../errors.ts';
import type { JobDefinition, PipelineDefinition } from '../model/definitions.ts';
import { defineJob } from './define-job.ts';
import { globalSchema, jobSchema } from './keywords.ts';
import { parallelJobs } from './parallel-jobs.ts';
import { isMapping, type Mapping, parseYaml } from './parse-yaml.ts';
import { deepMerge, resolveExtends, resolveReferences } from './resolve.ts';

const GLOBAL_KEYWORDS = ['stages', 'variables', 'default', 'workflow', 'include'];
/** Keywords that GitLab still accepts at the top level instead of in `default`. */
const TOP_LEVEL_DEFAULTS = ['image', 'services', 'before_script', 'after_script', 'cache'];

/**
 * Reads a repository's CI configuration as GitLab does: local `include`, `extends`, `!reference`, anchors, `default`,
 * `inherit`, `parallel`.
 * @param read returns the text of a file of the repository
 * @throws {InvalidPipelineError} for what GitLab would reject, and for keywords that the double does not know
 */
export function readConfiguration(
  read: (path: string) => string,
  path = '.gitlab-ci.yml',
): PipelineDefinition {
  const content = resolveReferences(resolveExtends(withIncludes(read, path)));
  const top = Object.fromEntries(Object.entries(content).filter(([key]) => GLOBAL_KEYWORDS.includes(key)));
  const oldDefaults = Object.fromEntries(
    Object.entries(content).filter(([key]) => TOP_LEVEL_DEFAULTS.includes(key)),
  );
  const ownDefaults = isMapping(top.default) ? top.default : {};
  const global = check('', globalSchema, { ...top, default: { ...oldDefaults, ...ownDefaults } });
  const named = Object.entries(content).filter(([key]) => isJobName(key));
  const jobs = named.flatMap(([name, entry]) => {
    const written = check(name, jobSchema, entry);
    return parallelJobs(defineJob(name, written, global.default, global.variables), written.parallel).map(
      (job) => ({ name, job, optional: optionalNeeds(written.needs) }),
    );
  });
  return {
    stages: ['.pre', ...global.stages, '.post'],
    jobs: jobs.map(({ job, optional }) => expandParallelNames(job, jobs, optional)),
  };
}

function isJobName(key: string): boolean {
  return !key.startsWith('.') && !GLOBAL_KEYWORDS.includes(key) && !TOP_LEVEL_DEFAULTS.includes(key);
}

function optionalNeeds(needs: z.output<typeof jobSchema>['needs']): string[] {
  return (needs ?? []).filter(({ optional }) => optional).map(({ job }) => job);
}

/** Replaces a needed job with `parallel` by all of its jobs, and drops optional needs that do not exist. */
function expandParallelNames(
  job: JobDefinition,
  jobs: readonly { name: string; job: JobDefinition }[],
  optional: readonly string[],
): JobDefinition {
  const real = (names: readonly string[] | undefined) =>
    names?.flatMap((name) => {
      const expanded = jobs.filter((other) => other.name === name).map((other) => other.job.name);
      return expanded.length > 0 || optional.includes(name) ? expanded : [name];
    });
  const needs = real(job.needs);
  const dependencies = real(job.dependencies);
  return { ...job, ...(needs ? { needs } : {}), ...(dependencies ? { dependencies } : {}) };
}

function withIncludes(read: (path: string) => string, path: string): Mapping {
  const { include = [], ...own } = parseYaml(read(path));
  const included = [include].flat().map((entry) => {
    const local = isMapping(entry) ? entry.local : entry;
    if (typeof local !== 'string')
      throw new InvalidPipelineError('include: the double reads local files only');
    return withIncludes(read, local.replace(/^\//, ''));
  });
  return [...included, own].reduce<Mapping>(deepMerge, {});
}

function check<T>(name: string, schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InvalidPipelineError(
    `${name === '' ? 'the configuration' : `jobs:${name}`}: ${z.prettifyError(parsed.error)}`,
  );
}
