import { type RunnerConfig, shortToken } from '../config.ts';
import { trustAuthorities } from '../network/trust-authorities.ts';
import { VERSION } from '../version.ts';
import { type Directories, NO_DIRECTORIES } from './directories.ts';
import { FEATURE_FLAG_DEFAULTS, type FeatureFlags, resolveFeatureFlags } from './feature-flags.ts';
import type { Job } from './payload.ts';
import { type JobSettings, readSettings } from './settings.ts';
import {
  expandAll,
  expandValue,
  internalVariable,
  TEMPORARY_DIRECTORY_VARIABLE,
  type Variable,
} from './variables.ts';

/** Variable with the file by which jobs trust GitLab. */
export const AUTHORITIES_VARIABLE = 'CI_SERVER_TLS_CA_FILE';

/** The real runner's default in seconds for a job without a timeout. */
const DEFAULT_TIMEOUT = 7200;

export type BuildIdentity = {
  readonly job: Job;
  readonly runner: RunnerConfig;
  /** Lowest number not used by another running job of this runner (`CI_CONCURRENT_ID`). */
  readonly concurrentId: number;
  /** Lowest number not used by another running job of this runner and project (`CI_CONCURRENT_PROJECT_ID`). */
  readonly concurrentProjectId: number;
};

/** Everything needed to generate a script or call a hook. */
export type BuildContext = BuildIdentity & {
  readonly directories: Directories;
  readonly temporaryDirectory: string;
  readonly variables: readonly Variable[];
  readonly settings: JobSettings;
  readonly flags: FeatureFlags;
  readonly timeoutSeconds: number;
  /** The job's image with variables expanded; empty for none. */
  readonly image: string;
  readonly hostname: string;
};

export type BuildState = { directories?: Directories; status?: string; hostname?: string };

/** Combines a job's variables in the real runner's order of precedence and reads the settings from them. */
export function createBuildContext(identity: BuildIdentity, state: BuildState = {}): BuildContext {
  const { job, runner } = identity;
  const directories = state.directories ?? NO_DIRECTORIES;
  const timeoutSeconds =
    (job.runner_info?.timeout ?? 0) > 0 ? (job.runner_info?.timeout ?? 0) : DEFAULT_TIMEOUT;
  const temporaryDirectory = `${directories.build}.tmp`;
  const status = state.status ?? 'running';

  const own = runnerVariables(identity, directories, timeoutSeconds, status);
  const after = [
    internalVariable('CI_SHARED_ENVIRONMENT', 'true'),
    internalVariable('CI_RUNNER_VERSION', VERSION.version),
    internalVariable('CI_RUNNER_REVISION', VERSION.revision),
    internalVariable('CI_RUNNER_EXECUTABLE_ARCH', `${VERSION.os}/${VERSION.architecture}`),
    internalVariable(TEMPORARY_DIRECTORY_VARIABLE, temporaryDirectory),
  ];

  const forFlags = expandAll([...own, ...job.variables, ...after]);
  const flags = resolveFeatureFlags(runner.feature_flags, forFlags);
  const unexpanded = [
    ...[...flags].map(([name, on]) => internalVariable(name, String(on))),
    ...own,
    ...job.variables.filter((variable) => !FEATURE_FLAG_DEFAULTS.has(variable.key)),
    ...after,
  ];
  // GitLab sends the image name unexpanded. It is expanded with the job's variables, then added to them.
  const image = expandValue(job.image?.name ?? '', expandAll(unexpanded));
  const variables = expandAll([
    ...unexpanded.slice(0, flags.size),
    ...(image === '' ? [] : [internalVariable('CI_JOB_IMAGE', image)]),
    ...unexpanded.slice(flags.size),
  ]);
  return {
    ...identity,
    directories,
    temporaryDirectory,
    variables,
    settings: readSettings(variables, { allowFetch: job.allow_git_fetch, depth: job.git_info.depth }),
    flags,
    timeoutSeconds,
    image,
    hostname: state.hostname ?? '',
  };
}

function runnerVariables(
  { runner, concurrentId, concurrentProjectId }: BuildIdentity,
  directories: Directories,
  timeoutSeconds: number,
  status: string,
): Variable[] {
  return [
    internalVariable('CI_RUNNER_SHORT_TOKEN', shortToken(runner.token)),
    ...runner.environment.flatMap((line) => {
      const at = line.indexOf('=');
      return at < 0 ? [] : [internalVariable(line.slice(0, at), line.slice(at + 1))];
    }),
    internalVariable('CI_BUILDS_DIR', directories.root),
    internalVariable('CI_PROJECT_DIR', directories.build),
    internalVariable('CI_CONCURRENT_ID', String(concurrentId)),
    internalVariable('CI_CONCURRENT_PROJECT_ID', String(concurrentProjectId)),
    internalVariable('CI_SERVER', 'yes'),
    ...authorityVariables(runner),
    internalVariable('CI_JOB_STATUS', status),
    internalVariable('CI_JOB_TIMEOUT', String(timeoutSeconds)),
  ];
}

/** GitLab's authorities, as a file for git and the helper commands. */
function authorityVariables(runner: RunnerConfig): Variable[] {
  const certificates = trustAuthorities(runner['tls-ca-file']);
  return certificates === '' ? [] : [{ ...internalVariable(AUTHORITIES_VARIABLE, certificates), file: true }];
}

export function flagOn(context: { readonly flags: FeatureFlags }, name: string): boolean {
  return context.flags.get(name) ?? false;
}
