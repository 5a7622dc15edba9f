import type { RunnerConfig } from '../config.ts';
import { VERSION } from '../version.ts';

/** Supported features. GitLab assigns no job that requires an unsupported one (lib/api/ci/helpers/runner.rb). */
const FEATURES = {
  variables: true,
  image: false,
  services: false,
  artifacts: true,
  cache: true,
  fallback_cache_keys: true,
  shared: true,
  upload_multiple_artifacts: true,
  upload_raw_artifacts: true,
  session: false,
  terminal: false,
  refspecs: true,
  masking: true,
  proxy: false,
  raw_variables: true,
  artifacts_exclude: true,
  multi_build_steps: true,
  trace_reset: true,
  trace_checksum: true,
  trace_size: true,
  vault_secrets: false,
  cancelable: true,
  return_exit_code: true,
  service_variables: true,
  service_multiple_aliases: false,
  image_executor_opts: false,
  service_executor_opts: false,
  cancel_gracefully: true,
  native_steps_integration: false,
  two_phase_job_commit: true,
  job_inputs: false,
} as const;

/** The `info` in requests of a runner. */
export function runnerInfo(runner: RunnerConfig) {
  return {
    name: VERSION.name,
    version: VERSION.version,
    revision: VERSION.revision,
    platform: VERSION.os,
    architecture: VERSION.architecture,
    executor: runner.executor,
    shell: runner.shell,
    features: FEATURES,
    config: { gpus: '' },
  };
}
