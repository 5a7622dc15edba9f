import { checkIntervalSecondsOf, type FleetConfig } from '@serverless-gitlab-runner/fleet';
import { stringify } from 'smol-toml';
import { BUILDS_FOLDER } from '../task/task-definition.ts';
import type { RunnerCache } from './cache-role.ts';

export interface RunnerConfigSettings {
  fleet: FleetConfig;
  token: string;
  /** Name under which GitLab lists the runner's manager. */
  name: string;
  hooksFolder: string;
  /** Port of the runner's metrics, reachable inside its task only. */
  metricsPort: number;
  /**
   * File with the authorities of GitLab's certificate (PEM). The runner passes its content to jobs as CI_SERVER_TLS_CA_FILE, by
   * which git, `artifacts-…` and `cache-…` trust GitLab, too. Undefined: public authorities only.
   */
  authoritiesFile?: string | undefined;
  /** Undefined: the runner has no distributed cache. */
  cache?: RunnerCache | undefined;
}

const MIB = 1024 * 1024;

/**
 * Feature flags that no job may set: the runner's setting overrides a job's variable (`populateFeatureFlags` in
 * common/build_settings.go of 17.9 and 19.3). The table in docs/security.md explains each, and why there are no others.
 */
export const PINNED_FLAGS: Readonly<Record<string, boolean>> = {
  FF_HASH_CACHE_KEYS: false,
  FF_POSIXLY_CORRECT_ESCAPES: false,
  FF_LOG_IMAGES_CONFIGURED_FOR_JOB: false,
  FF_EXPORT_HIGH_CARDINALITY_METRICS: false,
};

/** Seconds that prepare and cleanup may take in addition to the start's own limit. */
const HOOK_MARGIN_SECONDS = 120;

/**
 * The runner's `config.toml`.
 * @see https://docs.gitlab.com/runner/configuration/advanced-configuration/
 */
export function runnerConfig(settings: RunnerConfigSettings): string {
  return stringify({ ...processSettings(settings), runners: [runnerSettings(settings)] });
}

/** The same without a runner entry: `gitlab-runner` then requests no more jobs, and finishes those it has. */
export function emptyRunnerConfig(settings: Pick<RunnerConfigSettings, 'fleet' | 'metricsPort'>): string {
  return stringify(processSettings(settings));
}

function processSettings({ fleet, metricsPort }: Pick<RunnerConfigSettings, 'fleet' | 'metricsPort'>) {
  return {
    concurrent: fleet.manager.concurrentJobs,
    check_interval: checkIntervalSecondsOf(fleet),
    listen_address: `127.0.0.1:${metricsPort}`,
  };
}

function runnerSettings({ fleet, token, name, hooksFolder, cache, authoritiesFile }: RunnerConfigSettings) {
  return {
    name,
    url: fleet.gitlabUrl,
    ...(fleet.cloneUrl ? { clone_url: fleet.cloneUrl } : {}),
    ...(authoritiesFile === undefined ? {} : { 'tls-ca-file': authoritiesFile }),
    token,
    executor: 'custom',
    shell: 'bash',
    builds_dir: BUILDS_FOLDER,
    cache_dir: '/cache',
    limit: fleet.manager.concurrentJobs,
    // KiB of a job's log. GitLab's own default limit (100 MB) should apply, not the runner's 4 MB.
    output_limit: 102_400,
    // Before 19.1 a failing command ends its job with 1 instead of its own exit code, unless the first is set. The second tells
    // scripts that the job's machine is not reused.
    environment: ['FF_USE_NEW_BASH_EVAL_STRATEGY=true', 'CI_DISPOSABLE_ENVIRONMENT=true'],
    feature_flags: PINNED_FLAGS,
    // GIT_CLONE_PATH works: each job has a disk of its own.
    custom_build_dir: { enabled: true },
    custom: {
      config_exec: `${hooksFolder}/config`,
      config_exec_timeout: 60,
      prepare_exec: `${hooksFolder}/prepare`,
      prepare_exec_timeout: prepareSeconds(fleet),
      run_exec: `${hooksFolder}/run`,
      cleanup_exec: `${hooksFolder}/cleanup`,
      cleanup_exec_timeout: HOOK_MARGIN_SECONDS,
      // Seconds until a cancelled stage must have ended (its script gets TERM, and KILL 10 s later).
      graceful_kill_timeout: 30,
      force_kill_timeout: 10,
    },
    ...(cache ? { cache: cacheSettings(cache) } : {}),
  };
}

/**
 * Where the runner stores caches. The configuration contains no key: the runner gets its credentials from the endpoint in its
 * environment, which all versions support (`iam`), and its jobs get signed URLs only.
 * @see https://docs.gitlab.com/runner/configuration/advanced-configuration/#the-runnerscache-section
 */
function cacheSettings({ bucket, region, prefix, shared, maxArchiveMib, endpoint }: RunnerCache) {
  return {
    Type: 's3',
    Path: prefix,
    Shared: shared,
    // In bytes, enforced by the helper's cache-archiver. GitLab Runner 17.9 and 19.3 support it; other releases may ignore it.
    MaxUploadedArchiveSize: maxArchiveMib * MIB,
    s3: {
      AuthenticationType: 'iam',
      BucketName: bucket,
      BucketLocation: region,
      ...(endpoint === undefined ? {} : endpointSettings(new URL(endpoint))),
    },
  };
}

/** Plain HTTP works since GitLab Runner 17.6; earlier versions require TLS with `iam`. */
function endpointSettings({ protocol, host }: URL) {
  return { ServerAddress: host, Insecure: protocol === 'http:', PathStyle: true };
}

/** A job may wait for its project's share as long as for its start. */
function prepareSeconds({ job }: FleetConfig): number {
  const isShared = job.maxConcurrentPerProject !== undefined || job.maxVcpuPerProject !== undefined;
  return job.startTimeoutSeconds * (isShared ? 2 : 1) + HOOK_MARGIN_SECONDS;
}

/**
 * A manager's system id (`r_` and 12 characters), derived from its task id, so that GitLab's record of a dead manager can be
 * found from ECS's list. The runner's own id would be derived from the machine id, which all containers of an image share: GitLab
 * would treat them as one manager.
 */
export function systemIdOf(taskId: string): string {
  return `r_${taskId.replaceAll('-', '').slice(0, 12).padEnd(12, '0')}`;
}
