import type { CommitFile, GitLabDouble } from '@serverless-gitlab-runner/gitlab-double';
import type { Suite } from '../conformance-case.ts';
import { doesNotSay, showsLine, succeedsWith } from '../expectations.ts';

/** Creates two repositories that the job token may read: a library, and a submodule in it. */
async function submodulesAndLargeFile(gitlab: GitLabDouble): Promise<Record<string, CommitFile>> {
  const jobTokenAllowlist = ['conformance/git'];
  const nested = await gitlab.createProject({ path: 'conformance/nested', jobTokenAllowlist });
  const inner = await gitlab.pushCommit(nested, {
    message: 'nested',
    files: { 'nested.txt': 'text of the nested submodule\n' },
  });
  const library = await gitlab.createProject({ path: 'conformance/library', jobTokenAllowlist });
  const outer = await gitlab.pushCommit(library, {
    message: 'library',
    files: {
      'library.txt': 'text of the submodule\n',
      '.gitmodules': '[submodule "nested"]\n\tpath = nested\n\turl = ../nested.git\n',
      nested: { submodule: inner.sha },
    },
  });
  return {
    'modules/library': { submodule: outer.sha },
    'large.bin': { largeFile: 'text of the large file\n' },
  };
}

export const GIT: Suite = {
  repository: 'git',
  project: { gitDepth: 3 },
  earlierCommits: 4,
  moreFiles: submodulesAndLargeFile,
  cases: [
    {
      keyword: 'GIT_STRATEGY',
      name: "default: the pipeline's commit with executable bits and links, without changes",
      quick: true,
      jobs: {
        'default-strategy': [
          ...succeedsWith('executable bit kept', 'run.sh', 'the commit of the pipeline'),
          doesNotSay('\nchanged:'),
        ],
      },
    },
    {
      keyword: 'GIT_STRATEGY',
      name: 'clone: a fresh clone',
      jobs: { clone: succeedsWith('the git repository') },
    },
    {
      keyword: 'GIT_STRATEGY',
      name: 'none and empty: the project folder exists and is empty',
      since: '17.3',
      jobs: { none: succeedsWith('0 files'), empty: succeedsWith('0 files') },
    },
    {
      keyword: 'GIT_CHECKOUT',
      name: 'false: fetched, but not checked out',
      jobs: { 'no-checkout': succeedsWith('fetched', 'not checked out') },
    },
    {
      keyword: 'GIT_DEPTH',
      name: "the project's depth, 1, and 0 for all commits",
      jobs: {
        'depth-default': succeedsWith('3 commits'),
        'depth-one': succeedsWith('1 commits'),
        'depth-all': succeedsWith('5 commits'),
      },
    },
    {
      keyword: 'GIT_CLONE_PATH',
      name: 'a folder below CI_BUILDS_DIR',
      jobs: { 'clone-path': succeedsWith('/builds/elsewhere/here') },
    },
    {
      keyword: 'submodules',
      name: 'none, normal, recursive, and some by path, fetched with the job token',
      jobs: {
        'submodules-none': succeedsWith('submodule is empty'),
        'submodules-normal': succeedsWith('text of the submodule', 'nested one is empty'),
        'submodules-recursive': succeedsWith('text of the submodule', 'text of the nested submodule'),
        'submodules-some': succeedsWith('text of the submodule'),
      },
    },
    {
      keyword: 'LFS',
      name: 'large files, or their pointers with GIT_LFS_SKIP_SMUDGE',
      jobs: {
        lfs: succeedsWith('text of the large file'),
        'lfs-skipped': succeedsWith('version https://git-lfs.github.com/spec/v1'),
      },
    },
    {
      keyword: 'job token',
      name: 'git in the script may fetch again',
      jobs: { 'fetch-with-token': [showsLine('1'), ...succeedsWith()] },
    },
  ],
};
