import type { Suite } from '../conformance-case.ts';
import { says, succeedsWith } from '../expectations.ts';

const NO_SHARED_CACHE =
  'Every job has a disk of its own, and a cache on S3 is not there yet: jobs run without, as with an empty cache. Use artifacts for what a later job must have.';

export const CACHE: Suite = {
  repository: 'cache',
  cases: [
    {
      keyword: 'cache',
      name: 'a later job does not find what an earlier one cached, and both succeed',
      notSupported: NO_SHARED_CACHE,
      jobs: {
        fill: [...succeedsWith('filled'), says(/No URL provided, cache will not be uploaded/i)],
        use: succeedsWith('no cache'),
      },
    },
    {
      keyword: 'cache:policy',
      name: 'push, when: always: the job succeeds',
      notSupported: NO_SHARED_CACHE,
      jobs: { 'push-only': succeedsWith('goes on without') },
    },
  ],
};
