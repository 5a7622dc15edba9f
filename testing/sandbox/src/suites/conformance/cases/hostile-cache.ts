import type { Expectation, Suite } from '../conformance-case.ts';
import { isRefused, keepsQuietAbout, succeedsWith } from '../expectations.ts';

/** The emulator's S3 speaks HTTP: older releases take a role's credentials with HTTPS only, as AWS's S3 has it. */
const OVER_HTTP = '17.6';
const STOLEN = 'of a protected branch';
const READS_NOTHING: Expectation[] = [...succeedsWith('read nothing'), keepsQuietAbout(STOLEN)];
const IS_REFUSED: Expectation[] = [
  ...isRefused(/CACHE_FALLBACK_KEY is ".*", which may name a cache of protected/),
];
const IS_HIDDEN: Expectation[] = [...isRefused(/The variable ".*" has a "=" in its name/)];

/** Jobs of a branch that is not protected, which are after the caches of one that is. */
export const HOSTILE_CACHE: Suite = {
  repository: 'hostile-cache',
  branch: 'feature',
  earlierPipelines: [{ configuration: 'earlier.yml' }],
  cases: [
    {
      keyword: 'hostile',
      since: OVER_HTTP,
      name: 'a cache that is for all branches is read by one that is not protected; under the name of a protected one nothing is',
      jobs: { 'own-cache': succeedsWith('read a cache of any branch'), 'by-name': READS_NOTHING },
    },
    {
      keyword: 'hostile',
      since: OVER_HTTP,
      name: "a CACHE_FALLBACK_KEY that becomes a protected cache's where it is expanded once more is refused",
      jobs: { 'by-hash-flag': IS_REFUSED, 'by-second-expansion': IS_REFUSED },
    },
    {
      keyword: 'hostile',
      since: OVER_HTTP,
      name: "a CACHE_FALLBACK_KEY that is a protected cache's once its path is cleaned is refused",
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
      name: 'a variable whose name has a "=" in it, which would hide the cache key from the hooks, is refused',
      jobs: { 'by-hidden-name': IS_HIDDEN, 'by-hidden-name-first': IS_HIDDEN },
    },
    {
      keyword: 'hostile',
      since: OVER_HTTP,
      name: 'neither keys nor fallback keys of its own reach a protected cache, and no other way to sign does',
      jobs: {
        'by-fallback-keys': READS_NOTHING,
        'by-key': READS_NOTHING,
        'by-old-adapter': READS_NOTHING,
      },
    },
    {
      keyword: 'hostile',
      name: 'FF_POSIXLY_CORRECT_ESCAPES does not let values through as commands, whatever the job sets',
      quick: true,
      jobs: {
        'with-posix-quotes': [...succeedsWith('nobody ran it'), keepsQuietAbout('somebody ran it')],
      },
    },
  ],
};
