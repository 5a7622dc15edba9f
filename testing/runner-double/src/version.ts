/** The reported version. GitLab enables protocol features by version, so it is the release whose protocol is implemented. */
export const VERSION = {
  name: 'gitlab-runner',
  version: '19.4.0',
  /** Replaces the git revision: job logs, the `User-Agent` and `CI_RUNNER_REVISION` show that this is the double. */
  revision: 'double',
  os: 'linux',
  architecture: process.arch === 'x64' ? 'amd64' : process.arch,
} as const;

/** The version as in the first line of a job log. */
export const VERSION_LINE = `${VERSION.name} ${VERSION.version} (${VERSION.revision})`;

export const USER_AGENT = `${VERSION.name} ${VERSION.version} (${VERSION.revision}; node ${process.version}; ${VERSION.os}/${VERSION.architecture})`;
