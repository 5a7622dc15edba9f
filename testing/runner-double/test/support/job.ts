type Extra = Readonly<Record<string, unknown>>;

/** A job as sent by GitLab, without a repository: `GIT_STRATEGY` is `none`. */
export function jobPayload(id: number, script: readonly string[], extra: Extra = {}) {
  const { variables = [], steps, ...rest } = extra;
  return {
    id,
    token: `jobtoken-${id}-secret`,
    allow_git_fetch: true,
    job_info: { id, name: `job ${id}`, stage: 'test', project_id: 7, project_name: 'demo', pipeline_id: 1 },
    git_info: {
      repo_url: 'http://gitlab-ci-token:x@gitlab.invalid/group/demo.git',
      ref: 'main',
      sha: '0123456789abcdef0123456789abcdef01234567',
      before_sha: '0000000000000000000000000000000000000000',
      ref_type: 'branch',
      refspecs: ['+refs/heads/main:refs/remotes/origin/main'],
      depth: 20,
    },
    runner_info: { timeout: 3600 },
    variables: [
      { key: 'GIT_STRATEGY', value: 'none', public: true },
      { key: 'CI_JOB_TOKEN', value: `jobtoken-${id}-secret`, masked: true },
      ...(Array.isArray(variables) ? variables : []),
    ],
    steps: steps ?? [{ name: 'script', script, timeout: 3600, when: 'on_success' }],
    image: null,
    services: [],
    artifacts: null,
    cache: [],
    dependencies: [],
    features: { trace_sections: true, failure_reasons: ['unknown_failure', 'script_failure'] },
    ...rest,
  };
}
