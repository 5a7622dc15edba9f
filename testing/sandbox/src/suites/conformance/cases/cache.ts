import type { Expectation, Suite } from '../conformance-case.ts';
import { doesNotSay, failsWithExitCode, says, succeedsWith } from '../expectations.ts';

/** The emulator's S3 uses HTTP. Older releases use a role's credentials only with HTTPS, as on AWS. */
const OVER_HTTP = '17.6';

/** Earlier pipelines fill the caches: see earlier.yml and others.yml of the repository. */
export const CACHE: Suite = {
  repository: 'cache',
  earlierPipelines: [
    { configuration: 'earlier.yml' },
    { configuration: 'others.yml', project: 'conformance/cache-of-others' },
  ],
  cases: [
    {
      keyword: 'cache',
      since: OVER_HTTP,
      name: 'a job of a later pipeline finds it, on another disk',
      quick: true,
      jobs: { use: [...succeedsWith('cached'), ...foundOnS3('deps-protected')] },
    },
    {
      keyword: 'cache',
      since: OVER_HTTP,
      name: "another project's cache under the same key is not found",
      jobs: { 'others-cache': [...succeedsWith('no cache'), ...missedOnS3('others-protected')] },
    },
    {
      keyword: 'cache',
      since: OVER_HTTP,
      name: 'several caches in a job, each by its key',
      jobs: { several: succeedsWith('cached', 'in the failed job') },
    },
    {
      keyword: 'cache',
      since: OVER_HTTP,
      name: "the script's environment has no credentials for the bucket",
      jobs: { 'no-credentials': succeedsWith('credentials: 0') },
    },
    {
      keyword: 'cache:policy',
      since: OVER_HTTP,
      name: 'pull only reads; push only writes',
      jobs: {
        'pull-only': [...succeedsWith('cached'), says('Not uploading cache deps-protected due to policy')],
        'push-only': [
          ...succeedsWith('no cache'),
          says('Not downloading cache pushed-protected due to policy'),
        ],
        'after-push': succeedsWith('by push'),
        'after-pull': succeedsWith('cached'),
      },
    },
    {
      keyword: 'cache:policy',
      since: OVER_HTTP,
      name: 'the policy is a variable',
      jobs: { 'policy-by-variable': [...succeedsWith('cached'), says('Not uploading cache deps-protected')] },
    },
    {
      keyword: 'cache:when',
      since: OVER_HTTP,
      name: 'on_failure writes the cache of a failed job, and not of a successful one',
      jobs: {
        'after-failure': succeedsWith('in the failed job'),
        'after-success': [...succeedsWith('no cache'), ...missedOnS3('not-failed-protected')],
      },
    },
    {
      keyword: 'cache:when',
      since: OVER_HTTP,
      name: 'always also writes after a failure',
      jobs: {
        'fails-always': [failsWithExitCode(3), says('Created cache')],
        'after-always': succeedsWith('always'),
      },
    },
    {
      keyword: 'cache:key:files',
      since: OVER_HTTP,
      name: 'the key is the prefix and the commits that last changed the files',
      jobs: {
        'by-files': [...succeedsWith('by files'), says(/Checking cache for lock-[0-9a-f]{40}-protected/)],
      },
    },
    {
      keyword: 'cache:fallback_keys',
      since: OVER_HTTP,
      name: 'are tried in order if the key has no cache',
      jobs: {
        fallback: [
          ...succeedsWith('cached'),
          ...missedOnS3('nowhere-protected'),
          ...foundOnS3('deps-protected'),
        ],
      },
    },
    {
      keyword: 'CACHE_FALLBACK_KEY',
      since: OVER_HTTP,
      name: 'is tried last',
      jobs: {
        'fallback-by-variable': [
          ...succeedsWith('of all branches'),
          ...foundOnS3('of-all-branches-non_protected'),
        ],
      },
    },
    {
      keyword: 'CACHE_FALLBACK_KEY',
      since: '18.3',
      name: 'a key of protected branches is refused with a message',
      jobs: {
        'fallback-to-protected': [
          ...succeedsWith('no cache'),
          says('CACHE_FALLBACK_KEY "deps-protected" not allowed to end in "-protected"'),
        ],
      },
    },
  ],
};

function foundOnS3(key: string): Expectation[] {
  return [says(`Checking cache for ${key}`), says('Successfully extracted cache'), ...unsigned()];
}

function missedOnS3(key: string): Expectation[] {
  return [says(`Checking cache for ${key}`), says('file does not exist'), ...unsigned()];
}

/** The log must not show a signed URL, which would let every reader of the log read the cache. */
function unsigned(): Expectation[] {
  return ['X-Amz-Signature', 'X-Amz-Security-Token'].map(doesNotSay);
}
