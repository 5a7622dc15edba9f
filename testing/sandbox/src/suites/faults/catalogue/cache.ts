import { accessDenied, internalError } from '@serverless-gitlab-runner/fault-proxy';
import type { Fault } from '../fault.ts';
import { type SmallJob, smallJob } from '../small-jobs.ts';

/** A small job whose script prints the content of its cache and writes it again. */
function cachedJob(name: string): SmallJob {
  const { script } = smallJob(name, 1);
  return {
    name,
    // Without time stamps a log line is exactly what the script wrote.
    variables: { FF_TIMESTAMPS: 'false' },
    cache: [{ key: 'deps', paths: ['deps/'] }],
    script: [
      ...script,
      'cat deps/* || echo "an empty cache"',
      'mkdir -p deps',
      'echo "a full cache" > deps/file',
    ],
  };
}

const CREATED = /Created cache/;
const FOUND = /^a full cache\r?$/m;

const s3Fails: Fault = {
  name: 'cache-s3-fails',
  title: 'S3 answers the first two writes of a cache with 500, and later cuts off a read',
  runs: 2,
  async run(faultRun) {
    faultRun.addWebhook();
    const writes = faultRun.aws({
      match: { service: 's3', operation: 'PutObject' },
      effect: { kind: 'answer', answer: internalError },
      times: 2,
    });
    const first = await faultRun.queue([cachedJob('first')]);
    for (const job of first) faultRun.expect(job, { status: 'success', says: CREATED });
    await faultRun.rulesApplied(writes);
    await faultRun.jobsFinished(first);
    const reads = faultRun.aws({
      match: { service: 's3', operation: 'GetObject' },
      effect: { kind: 'cut', when: 'within' },
      times: 1,
    });
    const others = await faultRun.queue([cachedJob('second'), cachedJob('third')]);
    for (const job of others) faultRun.expect(job, { status: 'success', says: FOUND });
    await faultRun.rulesApplied(reads);
    faultRun.faultEnded();
  },
};

const roleDenied: Fault = {
  name: 'cache-role-denied',
  title: 'STS denies managers the cache role: jobs run with an empty cache and do not fail',
  runs: 1,
  async run(faultRun) {
    faultRun.addWebhook();
    const denied = faultRun.aws({
      match: { service: 'sts', operation: 'AssumeRole' },
      effect: { kind: 'answer', answer: accessDenied },
    });
    const jobs = await faultRun.queue(['first', 'second', 'third'].map(cachedJob));
    for (const job of jobs) faultRun.expect(job, { status: 'success', says: /an empty cache/ });
    await faultRun.jobsFinished(jobs);
    faultRun.faultEnded();
    if (denied.matched === 0) faultRun.problems.push('no manager requested the cache role from STS');
  },
};

export const cacheFaults: readonly Fault[] = [s3Fails, roleDenied];
