import type { BuildContext } from '../job/build-context.ts';
import { expandAll, expandValue, lookup, type Variable } from '../job/variables.ts';
import { BUILD_FAILURE_EXIT_CODE, SYSTEM_FAILURE_EXIT_CODE } from './exit-codes.ts';

export type HookFiles = {
  readonly directory: string;
  readonly jobResponseFile: string;
  readonly buildExitCodeFile: string;
};

/**
 * The environment of a hook: the manager's, the protocol's variables, the `job_env` of the config hook, and the job's variables
 * with the prefix `CUSTOM_ENV_`. A file variable has its content as value.
 */
export function hookEnvironment(
  inherited: Readonly<Record<string, string>>,
  files: HookFiles,
  jobEnvironment: Readonly<Record<string, string>>,
  context: BuildContext,
): Record<string, string> {
  const variables = [...context.variables, servicesVariable(context)];
  return {
    ...inherited,
    TMPDIR: files.directory,
    BUILD_FAILURE_EXIT_CODE: String(BUILD_FAILURE_EXIT_CODE),
    SYSTEM_FAILURE_EXIT_CODE: String(SYSTEM_FAILURE_EXIT_CODE),
    BUILD_EXIT_CODE_FILE: files.buildExitCodeFile,
    JOB_RESPONSE_FILE: files.jobResponseFile,
    ...jobEnvironment,
    // An environment cannot contain NUL bytes: both Go's and Node's exec reject them.
    ...Object.fromEntries(
      variables.map(({ key, value }) => [`CUSTOM_ENV_${key}`, value.replaceAll('\0', '')]),
    ),
  };
}

/** The job's services as JSON, with names expanded; empty for none. */
function servicesVariable(context: BuildContext): Pick<Variable, 'key' | 'value'> {
  const { services } = context.job;
  if (services.length === 0) return { key: 'CI_JOB_SERVICES', value: '' };
  const described = services.map((service) => {
    const expanded = expandAll([...context.variables, ...service.variables]);
    const alias = expandValue(service.alias, context.variables);
    return {
      name: expandValue(service.name, context.variables),
      alias: alias.replaceAll(',', ' ').trim().split(/\s+/)[0] ?? '',
      entrypoint: service.entrypoint ?? null,
      command: service.command ?? null,
      ...(service.variables.length === 0
        ? {}
        : {
            variables: Object.fromEntries(service.variables.map(({ key }) => [key, lookup(expanded, key)])),
          }),
    };
  });
  return { key: 'CI_JOB_SERVICES', value: JSON.stringify(described) };
}
