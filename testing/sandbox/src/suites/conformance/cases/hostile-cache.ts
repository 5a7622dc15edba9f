import type { Expectation, Suite } from '../conformance-case.ts';
import { doesNotSay, isRefused, succeedsWith } from '../expectations.ts';

/** The emulator's S3 uses HTTP. Older releases use a role's credentials only with HTTPS, as on AWS. */
const OVER_HTTP = '17.6';
const STOLEN = 'of a protected branch';
const READS_NOTHING: Expectation[] = [...succeedsWith('read nothing'), doesNotSay(STOLEN)];
const IS_REFUSED: Expectation[] = [
  ...isRefused(/CACHE_FALLBACK_KEY is ".*", which may name a cache of protected/),
];
const IS_HIDDEN: Expectation[] = [...isRefused(/The variable ".*" has a "=" in its name/)];

/** Jobs of an unprotected branch that try to read caches of a protected branch. */
export const HOSTILE_CACHE: Suite = {
  repository: 'hostile-cache',
  branch: 'feature',
  earlierPipelines: [{ configuration: 'earlier.yml' }],
  cases: [
    {
      keyword: 'hostile',
      since: OVER_HTTP,
      name: "a job of an unprotected branch reads a cache of all branches, and nothing under a protected cache's name",
      jobs: { 'own-cache': succeedsWith('read a cache of any branch'), 'by-name': READS_NOTHING },
    },
    {
      keyword: 'hostile',
      since: OVER_HTTP,
      name: 'a CACHE_FALLBACK_KEY that a second expansion turns into a protected key is refused',
      jobs: { 'by-hash-flag': IS_REFUSED, 'by-second-expansion': IS_REFUSED },
    },
    {
      keyword: 'hostile',
      since: OVER_HTTP,
      name: 'a CACHE_FALLBACK_KEY that path normalisation turns into a protected key is refused',
      jobs: {
        'by-slash': IS_REFUSED,
        'by-dot': IS_REFUSED,
        'by-space': IS_REFUSED,
        'by-parent': IS_REFUSED,
        'by-parent-and-space': IS_REFUSED,
      },
    },
    {
      keyword: 'hostile',
      name: 'a variable with a "=" in its name, which would hide the cache key from the hooks, is refused',
      jobs: { 'by-hidden-name': IS_HIDDEN, 'by-hidden-name-first': IS_HIDDEN },
    },
    {
      keyword: 'hostile',
      since: OVER_HTTP,
      name: 'neither cache keys, nor fallback keys, nor another way of signing give access to a protected cache',
      jobs: {
        'by-fallback-keys': READS_NOTHING,
        'by-key': READS_NOTHING,
        'by-old-adapter': READS_NOTHING,
      },
    },
    {
      keyword: 'hostile',
      name: 'FF_POSIXLY_CORRECT_ESCAPES does not let values run as commands, whatever the job sets',
      quick: true,
      jobs: {
        'with-posix-quotes': [...succeedsWith('nobody ran it'), doesNotSay('somebody ran it')],
      },
    },
  ],
};
