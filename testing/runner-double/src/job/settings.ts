import { parseBoolean } from './feature-flags.ts';
import { contentOf, type Variable } from './variables.ts';

type GitStrategy = 'clone' | 'fetch' | 'none' | 'empty';
type SubmoduleStrategy = 'none' | 'normal' | 'recursive';

/** Settings that a job can change by variables. */
export type JobSettings = {
  readonly debugTrace: boolean;
  readonly gitStrategy: GitStrategy;
  readonly gitCheckout: boolean;
  readonly gitClonePath: string;
  readonly gitCleanFlags: readonly string[];
  readonly gitFetchFlags: readonly string[];
  readonly submoduleStrategy: SubmoduleStrategy;
  readonly submodulePaths: readonly string[];
  readonly submoduleDepth: number;
  readonly submoduleUpdateFlags: readonly string[];
  readonly lfsSmudgeSkipped: boolean;
  readonly getSourcesAttempts: number;
  readonly restoreCacheAttempts: number;
  readonly downloadArtifactsAttempts: number;
  readonly afterScriptErrorsIgnored: boolean;
  readonly cacheRequestTimeout: number;
  /** Warnings about invalid values, for the job log. */
  readonly warnings: readonly string[];
};

/** Reads the settings from a job's variables. An invalid value yields the default and a warning. */
export function readSettings(
  variables: readonly Variable[],
  git: { allowFetch: boolean; depth: number },
): JobSettings {
  const warnings: string[] = [];
  const value = (name: string) => contentOf(variables, name);
  const rejected = (name: string, expected: string, byDefault: unknown) =>
    warnings.push(`${name}: expected ${expected} got "${value(name)}", using default value: ${byDefault}`);

  const flag = (name: string, byDefault: boolean) => {
    if (value(name) === '') return byDefault;
    const parsed = parseBoolean(value(name));
    if (parsed === undefined) rejected(name, 'bool', byDefault);
    return parsed ?? byDefault;
  };
  const integer = (name: string, byDefault: number) => {
    if (value(name) === '') return byDefault;
    if (/^[+-]?\d+$/.test(value(name))) return Number(value(name));
    rejected(name, 'int', byDefault);
    return byDefault;
  };
  const attempts = (name: string) => Math.min(10, Math.max(1, integer(name, 1)));
  const words = (name: string, byDefault: readonly string[]) => {
    if (value(name) === '') return byDefault;
    return value(name) === 'none' ? [] : value(name).trim().split(/\s+/);
  };
  const choice = <T extends string>(name: string, allowed: readonly T[], byDefault: T): T => {
    if (value(name) === '') return byDefault;
    const found = allowed.find((candidate) => candidate === value(name));
    if (found === undefined) rejected(name, `one of ${allowed.join(', ')}`, byDefault);
    return found ?? byDefault;
  };

  return {
    debugTrace: flag('CI_DEBUG_TRACE', false),
    gitStrategy: choice(
      'GIT_STRATEGY',
      ['clone', 'fetch', 'none', 'empty'],
      git.allowFetch ? 'fetch' : 'clone',
    ),
    gitCheckout: flag('GIT_CHECKOUT', true),
    gitClonePath: value('GIT_CLONE_PATH'),
    gitCleanFlags: words('GIT_CLEAN_FLAGS', ['-ffdx']),
    gitFetchFlags: words('GIT_FETCH_EXTRA_FLAGS', ['--prune', '--quiet']),
    submoduleStrategy: choice('GIT_SUBMODULE_STRATEGY', ['none', 'normal', 'recursive'], 'none'),
    submodulePaths: words('GIT_SUBMODULE_PATHS', []),
    submoduleDepth: integer('GIT_SUBMODULE_DEPTH', git.depth),
    submoduleUpdateFlags: words('GIT_SUBMODULE_UPDATE_FLAGS', []),
    lfsSmudgeSkipped: flag('GIT_LFS_SKIP_SMUDGE', false),
    getSourcesAttempts: attempts('GET_SOURCES_ATTEMPTS'),
    restoreCacheAttempts: attempts('RESTORE_CACHE_ATTEMPTS'),
    downloadArtifactsAttempts: attempts('ARTIFACT_DOWNLOAD_ATTEMPTS'),
    afterScriptErrorsIgnored: flag('AFTER_SCRIPT_IGNORE_ERRORS', true),
    cacheRequestTimeout: integer('CACHE_REQUEST_TIMEOUT', 10),
    warnings,
  };
}
