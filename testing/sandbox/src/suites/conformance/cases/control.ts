import type { CaseContext, Suite } from '../conformance-case.ts';
import {
  endsWith,
  failsFor,
  failsWithExitCode,
  hasAttempts,
  lastsAtMost,
  says,
  showsLine,
  succeeds,
  succeedsWith,
} from '../expectations.ts';
import { PIPELINE_TIMEOUT_MS } from '../start-pipeline.ts';

export const CONTROL: Suite = {
  repository: 'control',
  cases: [
    {
      keyword: 'timeout',
      name: 'a job that exceeds it: job_execution_timeout',
      jobs: { timeout: [failsFor('job_execution_timeout'), lastsAtMost(60)] },
    },
    {
      keyword: 'timeout',
      name: 'RUNNER_SCRIPT_TIMEOUT leaves time for after_script',
      since: '16.4',
      jobs: { 'script-timeout': [failsFor('job_execution_timeout'), showsLine('after the time-out')] },
    },
    {
      keyword: 'retry',
      name: 'once: a second job in a task of its own',
      quick: true,
      jobs: { retry: [failsWithExitCode(1), hasAttempts(2), showsLine('a try')] },
    },
    {
      keyword: 'retry',
      name: 'when with a different failure reason: no retry',
      jobs: { 'retry-when-other': [failsWithExitCode(1), hasAttempts(1)] },
    },
    {
      keyword: 'retry',
      name: 'exit_codes: a retry for a listed code',
      since: '17.9',
      jobs: { 'retry-exit-codes': [failsWithExitCode(17), hasAttempts(2)] },
    },
    {
      keyword: 'allow_failure',
      name: 'true: the pipeline continues',
      jobs: { allowed: [failsWithExitCode(1)], next: succeedsWith('the next stage began') },
    },
    {
      keyword: 'allow_failure',
      name: 'exit_codes: the pipeline continues after a listed code',
      since: '17.9',
      jobs: {
        'allowed-codes': [failsWithExitCode(43), isAllowedToFail()],
        'next-by-codes': [endsWith('success')],
      },
    },
    {
      keyword: 'rules',
      name: 'the first one that matches sets a variable',
      jobs: { 'by-rules': succeedsWith('variable of a rule') },
    },
    {
      keyword: 'environment',
      name: 'its name and URL are variables',
      jobs: {
        environment: [succeeds(), says(/^start review-one-[a-z0-9]{6} at https:\/\/review\.example\.com$/m)],
      },
    },
    {
      keyword: 'resource_group',
      name: 'one job of a group at a time; the other one waits and is not lost',
      jobs: { 'exclusive-one': [succeeds()], 'exclusive-two': [succeeds()] },
      during: runsOneAfterTheOther('exclusive-one', 'exclusive-two'),
    },
  ],
};

/** Waits for both jobs and compares their times by GitLab's clock. */
function runsOneAfterTheOther(...names: [string, string]) {
  return async ({ gitlab, pipeline, job }: CaseContext): Promise<void> => {
    await gitlab.waitForPipeline(pipeline.id, undefined, PIPELINE_TIMEOUT_MS);
    const [first, second] = names
      .map(job)
      .sort((one, other) => Number(one.startedAt) - Number(other.startedAt));
    const [ended, started] = [first?.finishedAt?.getTime(), second?.startedAt?.getTime()];
    if (ended === undefined || started === undefined || started < ended)
      throw new Error(`${second?.name} started ${started}, before ${first?.name} ended ${ended}`);
  };
}

function isAllowedToFail() {
  return ({ job }: { job: { allowFailure: boolean } }) =>
    job.allowFailure ? [] : ['GitLab does not allow the failure'];
}
