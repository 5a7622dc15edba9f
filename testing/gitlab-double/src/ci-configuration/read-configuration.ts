import * as z from 'zod';
import { InvalidPipelineError } from '../errors.ts';
import type { JobDefinition, PipelineDefinition } from '../model/definitions.ts';
import { defineJob, variablesOf } from './define-job.ts';
import { globalSchema, jobSchema, type VariableKeywords } from './keywords.ts';
import { parallelJobs } from './parallel-jobs.ts';
import { isMapping, type Mapping, parseYaml } from './parse-yaml.ts';
import { deepMerge, resolveExtends, resolveReferences } from './resolve.ts';
import type { ConditionVariables } from './rules/evaluate-expression.ts';
import { evaluateRules } from './rules/evaluate-rules.ts';

const DEFAULT_BRANCH_PUSH: ConditionVariables = {
  CI_PIPELINE_SOURCE: 'push',
  CI_COMMIT_BRANCH: 'main',
  CI_COMMIT_REF_NAME: 'main',
  CI_DEFAULT_BRANCH: 'main',
};

const GLOBAL_KEYWORDS = ['stages', 'variables', 'default', 'workflow', 'include'];
/** Keywords that may stand at the top as well as in `default`; GitLab still reads them. */
const TOP_LEVEL_DEFAULTS = ['image', 'services', 'before_script', 'after_script', 'cache'];

/**
 * Reads a repository's CI configuration as GitLab does: local `include`, `extends`, `!reference`, anchors, `default`,
 * `inherit`, `parallel`, `rules`.
 * @param read gives the text of a file of the repository
 * @param variables predefined and project variables for conditions of `rules`. Default: a push to the default branch
 * @throws {InvalidPipelineError} for what GitLab would refuse, and for keywords that the double does not know
 */
export function readConfiguration(
  read: (path: string) => string,
  path = '.gitlab-ci.yml',
  variables: ConditionVariables = DEFAULT_BRANCH_PUSH,
): PipelineDefinition {
  const content = resolveReferences(resolveExtends(withIncludes(read, path)));
  const top = Object.fromEntries(Object.entries(content).filter(([key]) => GLOBAL_KEYWORDS.includes(key)));
  const oldDefaults = Object.fromEntries(
    Object.entries(content).filter(([key]) => TOP_LEVEL_DEFAULTS.includes(key)),
  );
  const ownDefaults = isMapping(top.default) ? top.default : {};
  const global = check('', globalSchema, { ...top, default: { ...oldDefaults, ...ownDefaults } });
  const known = { ...valuesOf(global.variables), ...variables };
  const { rules: workflowRules } = global.workflow;
  if (workflowRules && !evaluateRules(workflowRules, known))
    throw new InvalidPipelineError('Pipeline filtered out by workflow rules.');
  const named = Object.entries(content).filter(([key]) => isJobName(key));
  const jobs = named.flatMap(([name, entry]) => {
    const written = check(name, jobSchema, entry);
    const own = { ...valuesOf(variablesOf(written, global.variables)), ...variables };
    const rule = written.rules && evaluateRules(written.rules, own);
    if (written.rules && rule === undefined) return [];
    const job = defineJob(name, written, global.default, global.variables, rule);
    return parallelJobs(job, written.parallel).map((one) => ({
      name,
      job: withResourceGroup(one),
      optional: optionalNeeds(written.needs),
    }));
  });
  return {
    stages: ['.pre', ...global.stages, '.post'],
    jobs: jobs.map(({ job, optional }) => withRealNames(job, jobs, optional)),
  };
}

function valuesOf(variables: VariableKeywords): ConditionVariables {
  return Object.fromEntries(Object.entries(variables).map(([key, { value }]) => [key, value]));
}

/** Puts the job's own variables into the name of its resource group, those of its matrix among them. */
function withResourceGroup(job: JobDefinition): JobDefinition {
  if (job.resourceGroup === undefined) return job;
  const lookUp = (name: string) => {
    const variable = job.variables?.[name];
    return typeof variable === 'object' ? variable.value : variable;
  };
  const resourceGroup = job.resourceGroup.replace(
    /\$\{?(\w+)\}?/g,
    (whole, name: string) => lookUp(name) ?? whole,
  );
  return { ...job, resourceGroup };
}

function isJobName(key: string): boolean {
  return !key.startsWith('.') && !GLOBAL_KEYWORDS.includes(key) && !TOP_LEVEL_DEFAULTS.includes(key);
}

function optionalNeeds(needs: z.output<typeof jobSchema>['needs']): string[] {
  return (needs ?? []).filter(({ optional }) => optional).map(({ job }) => job);
}

/** What a job needs by a name that `parallel` split up is all of its parts; an optional job that is not there is nothing. */
function withRealNames(
  job: JobDefinition,
  jobs: readonly { name: string; job: JobDefinition }[],
  optional: readonly string[],
): JobDefinition {
  const real = (names: readonly string[] | undefined) =>
    names?.flatMap((name) => {
      const parts = jobs.filter((other) => other.name === name).map((other) => other.job.name);
      return parts.length > 0 || optional.includes(name) ? parts : [name];
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
