import type { Suite } from '../conformance-case.ts';
import { failsWithExitCode, succeedsWith } from '../expectations.ts';

/** Feature flags that are common in jobs, all set at once. */
export const FLAGS: Suite = {
  repository: 'flags',
  cases: [
    {
      keyword: 'FF_…',
      name: 'common flags: script sections, git in the script, fast zip, clean-up',
      jobs: {
        'with-flags': [
          ...succeedsWith('first of two lines', 'after with the flags'),
          ({ job }) => {
            const section = job.sections().find(({ name }) => name.startsWith('section_'));
            return section ? [] : ['a multi-line command has no section of its own'];
          },
        ],
        'use-with-flags': succeedsWith('kept with the flags', 'still executable'),
      },
    },
    {
      keyword: 'exit code',
      name: 'of a failing command, with flags and in a pipe',
      since: '17.9',
      jobs: { 'fails-with-flags': [failsWithExitCode(7)], 'fails-in-a-pipe': [failsWithExitCode(7)] },
    },
    {
      keyword: 'GIT_STRATEGY',
      name: 'fetch, with GIT_CLEAN_FLAGS and GIT_FETCH_EXTRA_FLAGS: a new clone, since each job has a disk of its own',
      jobs: { 'fetch-strategy': succeedsWith('the flags repository') },
    },
  ],
};
