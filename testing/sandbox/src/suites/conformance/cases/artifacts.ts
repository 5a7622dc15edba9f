import { createHash } from 'node:crypto';
import type { Expectation, Suite } from '../conformance-case.ts';
import {
  failsWithExitCode,
  hasArtifacts,
  hasNoArtifacts,
  hasReport,
  says,
  succeeds,
} from '../expectations.ts';

const EXECUTABLE = 0o111;
const SYMBOLIC_LINK = 0o120000;

export const ARTIFACTS: Suite = {
  repository: 'artifacts',
  cases: [
    {
      keyword: 'artifacts:paths',
      name: 'folders and patterns, with name and expire_in',
      quick: true,
      jobs: {
        paths: [
          succeeds(),
          hasArtifacts({ 'out/a/one.txt': '1\n', 'out/a/b/two.txt': '2\n', 'three.log': '3\n' }),
          isNamed('paths-main.zip', '1 week'),
        ],
      },
    },
    {
      keyword: 'artifacts:paths',
      name: 'variables in paths',
      jobs: { 'variable-in-path': [succeeds(), hasArtifacts({ 'dist/file.txt': '1\n' })] },
    },
    {
      keyword: 'artifacts:paths',
      name: 'executable bits and symbolic links are kept',
      jobs: { modes: [succeeds(), keepsModes()] },
    },
    {
      keyword: 'artifacts:paths',
      name: 'files made by after_script; files that only another user may read',
      jobs: {
        'from-after-script': [succeeds(), hasArtifacts({ 'late.txt': 'late\n' })],
        'as-user': [succeeds(), hasArtifacts({ 'private/file.txt': 'mine\n' })],
      },
    },
    {
      keyword: 'artifacts:paths',
      name: 'no matching files: a warning, and the job succeeds',
      jobs: { 'nothing-found': [succeeds(), hasNoArtifacts(), says(/no matching files/i)] },
    },
    {
      keyword: 'artifacts:paths',
      name: 'a file of 60 MB arrives unchanged',
      jobs: { 'large-archive': [succeeds(), isWhole()] },
    },
    {
      keyword: 'artifacts:exclude',
      name: 'patterns below a folder',
      jobs: { exclude: [succeeds(), hasArtifacts({ 'out/keep.txt': '1\n' })] },
    },
    {
      keyword: 'artifacts:untracked',
      name: 'untracked files, including ignored ones, as in GitLab',
      jobs: {
        untracked: [
          succeeds(),
          hasArtifacts({ 'new.txt': 'new\n', 'd/other.txt': 'other\n', 'ignored.cache': 'ignored\n' }),
        ],
      },
    },
    {
      keyword: 'artifacts:when',
      name: 'on_failure, on_success and always in a job that fails',
      jobs: {
        'on-failure': [failsWithExitCode(4), hasArtifacts({ 'why.txt': 'why\n' })],
        'on-success-only': [failsWithExitCode(4), hasNoArtifacts()],
        always: [failsWithExitCode(4), hasArtifacts({ 'why.txt': 'why\n' })],
      },
    },
    {
      keyword: 'artifacts:reports',
      name: 'junit of a job that fails',
      jobs: { junit: [failsWithExitCode(1), hasReport('junit', '<testsuite name="unit"/>')] },
    },
  ],
};

function isNamed(filename: string, expireIn: string): Expectation {
  return ({ job: { archive } }) =>
    archive?.filename === filename && archive.expireIn === expireIn
      ? []
      : [`the archive is ${archive?.filename} and expires in ${archive?.expireIn}`];
}

function keepsModes(): Expectation {
  return ({ files }) => {
    const mode = (path: string) => files.get(path)?.mode ?? 0;
    const problems = [];
    if ((mode('tool.sh') & EXECUTABLE) !== EXECUTABLE) problems.push('tool.sh is not executable');
    if ((mode('plain.txt') & EXECUTABLE) !== 0) problems.push('plain.txt is executable');
    if ((mode('link.sh') & 0o170000) !== SYMBOLIC_LINK) problems.push('link.sh is not a symbolic link');
    return problems;
  };
}

/** The file matches the checksum that the job wrote next to it. */
function isWhole(): Expectation {
  return ({ files }) => {
    const content = files.get('large.dat')?.content ?? Buffer.alloc(0);
    const checksum = createHash('sha256').update(content).digest('hex');
    const expected = files.get('large.sha256')?.content.toString('utf8') ?? '';
    return expected.startsWith(checksum)
      ? []
      : [`the file arrived with ${content.length} bytes and a different checksum`];
  };
}
