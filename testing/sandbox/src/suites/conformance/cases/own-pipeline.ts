import { readFileSync } from 'node:fs';
import { lstat, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommitDefinition, CommitFile } from '@serverless-gitlab-runner/gitlab-double';
import { REPOSITORY_ROOT, runCommand } from '@serverless-gitlab-runner/machine';
import type { Suite } from '../conformance-case.ts';
import { doesNotSay, says, succeeds } from '../expectations.ts';
import { conformanceImage } from '../images.ts';

const CONFIGURATION = '.gitlab-ci.yml';

/**
 * This project's own `.gitlab-ci.yml`: its whole tree as the commit that was deployed last, and a commit that adds a test to the
 * example. Deployment and release are left out by their rules, for want of credentials.
 */
export const OWN_PIPELINE: Suite = {
  repository: 'own-pipeline',
  costlyImages: ['node'],
  generatedFiles: {
    [CONFIGURATION]: { content: readFileSync(join(REPOSITORY_ROOT, CONFIGURATION)), mode: 0o644 },
  },
  earlierCommits: [wholeProject],
  prepare: async () => ({
    NODE_IMAGE: conformanceImage('node'),
    npm_config_registry: (await runCommand('npm', ['config', 'get', 'registry'])).trim(),
  }),
  cases: [
    {
      keyword: 'rules',
      name: "this project's own pipeline lints, tests and builds what a commit affects, and nothing else",
      jobs: {
        lint: [
          succeeds(),
          says('nx run @serverless-gitlab-runner/example-event-consumer:lint'),
          doesNotSay('nx run @serverless-gitlab-runner/fleet:lint'),
        ],
        test: [
          succeeds(),
          says('nx run @serverless-gitlab-runner/example-event-consumer:test'),
          doesNotSay('nx run @serverless-gitlab-runner/fleet:test'),
        ],
        build: [succeeds(), says('No tasks were run')],
      },
    },
  ],
};

async function wholeProject(): Promise<CommitDefinition> {
  const listed = await runCommand('git', ['ls-files', '-z'], { cwd: REPOSITORY_ROOT });
  const paths = listed.split('\0').filter((path) => path !== '');
  const entries = await Promise.all(paths.map(async (path) => [path, await fileOf(path)] as const));
  return { message: 'what was deployed last', files: Object.fromEntries(entries), tag: 'deployed' };
}

async function fileOf(path: string): Promise<CommitFile> {
  const absolute = join(REPOSITORY_ROOT, path);
  const status = await lstat(absolute);
  if (status.isSymbolicLink()) return { linkTo: await readlink(absolute) };
  return { content: await readFile(absolute), mode: status.mode & 0o777 };
}
