import type { Suite } from '../conformance-case.ts';
import { doesNotSay, says, showsLine, succeeds, succeedsWith } from '../expectations.ts';

const SECRET = 'correct-horse-battery';

export const MASKING: Suite = {
  repository: 'masking',
  project: { variables: { SECRET: { value: SECRET, masked: true }, LEVEL: 'project' } },
  cases: [
    {
      keyword: 'masked variables',
      name: 'are masked when written whole, in two pieces or twice in a row, as are the job token and GitLab tokens by their prefix',
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
          doesNotSay(SECRET),
          doesNotSay('abcdefghijklmnopqrst'),
        ],
      },
    },
    {
      keyword: 'masked variables',
      name: 'are not passed to services that do not refer to them',
      jobs: {
        'masked-in-services': [
          ...succeedsWith('the service has LEVEL of the job, no secret'),
          doesNotSay(SECRET),
        ],
      },
    },
    {
      keyword: 'CI_DEBUG_TRACE',
      name: 'shows every command, but no secret',
      jobs: {
        'debug-trace': [succeeds(), showsLine('traced project'), says(/\+.*echo/), doesNotSay(SECRET)],
      },
    },
  ],
};
