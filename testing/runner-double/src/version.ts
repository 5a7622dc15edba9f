/** What this program says it is. GitLab enables protocol features by the version, so it names the release whose protocol is spoken. */
export const VERSION = {
  name: 'gitlab-runner',
  version: '19.4.0',
  /** Takes the place of the git revision: a log, a `User-Agent` and `CI_RUNNER_REVISION` all show that it is the double. */
  revision: 'double',
  os: 'linux',
  architecture: process.arch === 'x64' ? 'amd64' : process.arch,
} as const;

/** One line, as in a job log's first line. */
export const VERSION_LINE = `${VERSION.name} ${VERSION.version} (${VERSION.revision})`;

export const USER_AGENT = `${VERSION.name} ${VERSION.version} (${VERSION.revision}; node ${process.version}; ${VERSION.os}/${VERSION.architecture})`;
