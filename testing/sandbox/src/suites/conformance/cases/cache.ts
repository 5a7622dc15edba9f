import type { Expectation, Suite } from '../conformance-case.ts';
import { failsWithExitCode, keepsQuietAbout, says, succeedsWith } from '../expectations.ts';

/** The emulator's S3 speaks HTTP: older releases take a role's credentials with HTTPS only, as AWS's S3 has it. */
const OVER_HTTP = '17.6';

/** The jobs that fill caches are in a pipeline that is over before: see earlier.yml and others.yml of the repository. */
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
      name: "is there in a later pipeline's job, on another disk",
      quick: true,
      jobs: { use: [...succeedsWith('cached'), ...foundOnS3('deps-protected')] },
    },
    {
      keyword: 'cache',
      since: OVER_HTTP,
      name: "another project's is not, under the same key",
      jobs: { 'others-cache': [...succeedsWith('no cache'), ...missedOnS3('others-protected')] },
    },
    {
      keyword: 'cache',
      since: OVER_HTTP,
      name: 'several at once, each by its key',
      jobs: { several: succeedsWith('cached', 'in the failed job') },
    },
    {
      keyword: 'cache',
      since: OVER_HTTP,
      name: 'the script finds no credentials for the bucket in its environment',
      jobs: { 'no-credentials': succeedsWith('credentials: 0') },
    },
    {
      keyword: 'cache:policy',
      since: OVER_HTTP,
      name: 'pull reads and does not write; push writes and does not read',
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
      name: 'a variable says which',
      jobs: { 'policy-by-variable': [...succeedsWith('cached'), says('Not uploading cache deps-protected')] },
    },
    {
      keyword: 'cache:when',
      since: OVER_HTTP,
      name: 'on_failure writes what a failed job leaves, and nothing of one that succeeds',
      jobs: {
        'after-failure': succeedsWith('in the failed job'),
        'after-success': [...succeedsWith('no cache'), ...missedOnS3('not-failed-protected')],
      },
    },
    {
      keyword: 'cache:when',
      since: OVER_HTTP,
      name: 'always writes after a failure, too',
      jobs: {
        'fails-always': [failsWithExitCode(3), says('Created cache')],
        'after-always': succeedsWith('always'),
      },
    },
    {
      keyword: 'cache:key:files',
      since: OVER_HTTP,
      name: 'the commits that last changed them name it, behind the prefix',
      jobs: {
        'by-files': [...succeedsWith('by files'), says(/Checking cache for lock-[0-9a-f]{40}-protected/)],
      },
    },
    {
      keyword: 'cache:fallback_keys',
      since: OVER_HTTP,
      name: 'are tried in their order when the key has none',
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
      name: 'of protected branches is refused in words',
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

/** Whoever may read a job's log must not be able to read its cache. */
function unsigned(): Expectation[] {
  return ['X-Amz-Signature', 'X-Amz-Security-Token'].map(keepsQuietAbout);
}
