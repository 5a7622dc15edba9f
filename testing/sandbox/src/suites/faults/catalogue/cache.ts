import { accessDenied, internalError } from '@serverless-gitlab-runner/fault-proxy';
import type { Fault } from '../fault.ts';
import { type SmallJob, smallJob } from '../small-jobs.ts';

/** A small job with a cache, whose script prints what it finds in it and writes it anew. */
function cachedJob(name: string): SmallJob {
  const { script } = smallJob(name, 1);
  return {
    name,
    // Without time stamps, so that a line is what the script wrote.
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
  title: 'S3 answers the first two calls for a cache to be written 500, and then cuts one that reads it',
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
    await faultRun.taken(writes);
    await faultRun.finished(first);
    const reads = faultRun.aws({
      match: { service: 's3', operation: 'GetObject' },
      effect: { kind: 'cut', when: 'within' },
      times: 1,
    });
    const others = await faultRun.queue([cachedJob('second'), cachedJob('third')]);
    for (const job of others) faultRun.expect(job, { status: 'success', says: FOUND });
    await faultRun.taken(reads);
    faultRun.recovering();
  },
};

const roleDenied: Fault = {
  name: 'cache-role-denied',
  title: "STS denies managers the role of the cache: jobs run as with an empty cache, and don't fail",
  runs: 1,
  async run(faultRun) {
    faultRun.addWebhook();
    const denied = faultRun.aws({
      match: { service: 'sts', operation: 'AssumeRole' },
      effect: { kind: 'answer', answer: accessDenied },
    });
    const jobs = await faultRun.queue(['first', 'second', 'third'].map(cachedJob));
    for (const job of jobs) faultRun.expect(job, { status: 'success', says: /an empty cache/ });
    await faultRun.finished(jobs);
    faultRun.recovering();
    if (denied.matched === 0) faultRun.wrong.push('no manager asked STS for the role of the cache');
  },
};

export const cacheFaults: readonly Fault[] = [s3Fails, roleDenied];
