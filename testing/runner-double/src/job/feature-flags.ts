import { lookup, type Variable } from './variables.ts';

/**
 * The real runner's feature flags with their defaults (docs/configuration/feature-flags.md of 19.4). All are exported to the job
 * and to the hooks. FF_TIMESTAMPS is off, unlike in the real runner: a log without timestamps can be compared byte for byte.
 */
const ON = [
  'FF_USE_DIRECT_DOWNLOAD',
  'FF_USE_FASTZIP',
  'FF_USE_POD_ACTIVE_DEADLINE_SECONDS',
  'FF_SECRET_RESOLVING_FAILS_IF_MISSING',
  'FF_USE_GIT_BUNDLE_URIS',
  'FF_USE_DOCKER_AUTOSCALER_DIAL_STDIO',
  'FF_MASK_ALL_DEFAULT_TOKENS',
  'FF_USE_EXPONENTIAL_BACKOFF_STAGE_RETRY',
  'FF_USE_ADAPTIVE_REQUEST_CONCURRENCY',
  'FF_USE_GITALY_CORRELATION_ID',
  'FF_ENABLE_JOB_INPUTS_INTERPOLATION',
];

const OFF = [
  'FF_TEST_FEATURE',
  'FF_NETWORK_PER_BUILD',
  'FF_USE_LEGACY_KUBERNETES_EXECUTION_STRATEGY',
  'FF_DISABLE_UMASK_FOR_DOCKER_EXECUTOR',
  'FF_ENABLE_BASH_EXIT_CODE_CHECK',
  'FF_USE_WINDOWS_LEGACY_PROCESS_STRATEGY',
  'FF_USE_LEGACY_BASH_EVAL',
  'FF_USE_POWERSHELL_PATH_RESOLVER',
  'FF_USE_DYNAMIC_TRACE_FORCE_SEND_INTERVAL',
  'FF_SCRIPT_SECTIONS',
  'FF_ENABLE_JOB_CLEANUP',
  'FF_KUBERNETES_HONOR_ENTRYPOINT',
  'FF_POSIXLY_CORRECT_ESCAPES',
  'FF_RESOLVE_FULL_TLS_CHAIN',
  'FF_DISABLE_POWERSHELL_STDIN',
  'FF_USE_ADVANCED_POD_SPEC_CONFIGURATION',
  'FF_PRINT_POD_EVENTS',
  'FF_USE_GIT_NATIVE_CLONE',
  'FF_USE_DUMB_INIT_WITH_KUBERNETES_EXECUTOR',
  'FF_USE_INIT_WITH_DOCKER_EXECUTOR',
  'FF_LOG_IMAGES_CONFIGURED_FOR_JOB',
  'FF_CLEAN_UP_FAILED_CACHE_EXTRACT',
  'FF_USE_WINDOWS_JOB_OBJECT',
  'FF_TIMESTAMPS',
  'FF_DISABLE_AUTOMATIC_TOKEN_ROTATION',
  'FF_USE_LEGACY_GCS_CACHE_ADAPTER',
  'FF_DISABLE_UMASK_FOR_KUBERNETES_EXECUTOR',
  'FF_USE_LEGACY_S3_CACHE_ADAPTER',
  'FF_GIT_URLS_WITHOUT_TOKENS',
  'FF_WAIT_FOR_POD_TO_BE_REACHABLE',
  'FF_EXPORT_HIGH_CARDINALITY_METRICS',
  'FF_USE_FLEETING_ACQUIRE_HEARTBEATS',
  'FF_USE_GIT_PROACTIVE_AUTH',
  'FF_HASH_CACHE_KEYS',
  'FF_USE_JOB_ROUTER',
  'FF_SCRIPT_TO_STEP_MIGRATION',
  'FF_USE_PARALLEL_CACHE_TRANSFER',
  'FF_USE_PARALLEL_ARTIFACT_TRANSFER',
  'FF_CONCRETE',
  'FF_SUSPENDABLE_ENVIRONMENTS',
  'FF_USE_NATIVE_CONTAINER_STOP',
];

export const FEATURE_FLAG_DEFAULTS: ReadonlyMap<string, boolean> = new Map([
  ...ON.map((name): [string, boolean] => [name, true]),
  ...OFF.map((name): [string, boolean] => [name, false]),
]);

export type FeatureFlags = ReadonlyMap<string, boolean>;

/** Parses Go's spellings of a boolean. */
export function parseBoolean(value: string): boolean | undefined {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(value)) return true;
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(value)) return false;
  return undefined;
}

/** Resolves each flag: the configuration file overrides the job's variables, which override the default. */
export function resolveFeatureFlags(
  configured: Readonly<Record<string, boolean>>,
  variables: readonly Variable[],
): FeatureFlags {
  return new Map(
    [...FEATURE_FLAG_DEFAULTS].map(([name, byDefault]) => [
      name,
      configured[name] ?? parseBoolean(lookup(variables, name)) ?? byDefault,
    ]),
  );
}
