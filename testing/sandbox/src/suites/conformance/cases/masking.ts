import type { Suite } from '../conformance-case.ts';
import { keepsQuietAbout, says, showsLine, succeeds, succeedsWith } from '../expectations.ts';

const SECRET = 'correct-horse-battery';

export const MASKING: Suite = {
  repository: 'masking',
  project: { variables: { SECRET: { value: SECRET, masked: true }, LEVEL: 'project' } },
  cases: [
    {
      keyword: 'masked variables',
      name: 'whole, in two pieces, twice in a row; the job token; GitLab tokens by their prefix',
      since: '15.5',
      quick: true,
      jobs: {
        masked: [
          ...succeedsWith(
            'the secret is [MASKED].',
            'in two pieces: [MASKED]',
            'token [MASKED]',
            '[MASKED][MASKED]',
          ),
          keepsQuietAbout(SECRET),
          keepsQuietAbout('abcdefghijklmnopqrst'),
        ],
      },
    },
    {
      keyword: 'masked variables',
      name: 'do not reach services that do not refer to them',
      jobs: {
        'masked-in-services': [
          ...succeedsWith('the service has LEVEL of the job, no secret'),
          keepsQuietAbout(SECRET),
        ],
      },
    },
    {
      keyword: 'CI_DEBUG_TRACE',
      name: 'shows every command, and no secret',
      jobs: {
        'debug-trace': [succeeds(), showsLine('traced project'), says(/\+.*echo/), keepsQuietAbout(SECRET)],
      },
    },
  ],
};
