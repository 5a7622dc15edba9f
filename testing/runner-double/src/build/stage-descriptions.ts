import type { Stage } from '../scripts/generate-script.ts';

const DESCRIPTIONS: Readonly<Partial<Record<Stage, string>>> = {
  prepare_script: 'Preparing environment',
  get_sources: 'Getting source from Git repository',
  clear_worktree: 'Deleting all tracked and untracked files due to source fetch failure',
  restore_cache: 'Restoring cache',
  download_artifacts: 'Downloading artifacts',
  after_script: 'Running after_script',
  archive_cache: 'Saving cache for successful job',
  archive_cache_on_failure: 'Saving cache for failed job',
  upload_artifacts_on_success: 'Uploading artifacts for successful job',
  upload_artifacts_on_failure: 'Uploading artifacts for failed job',
  cleanup_file_variables: 'Cleaning up project directory and file based variables',
};

/** A stage's heading in the job log. */
export function describeStage(stage: Stage): string {
  return DESCRIPTIONS[stage] ?? `Executing "${stage}" stage of the job script`;
}
