import type { Suite } from '../conformance-case.ts';
import {
  endsWith,
  failsFor,
  failsWithExitCode,
  hasAttempts,
  lastsAtMost,
  showsLine,
  succeedsWith,
} from '../expectations.ts';

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
  ],
};

function isAllowedToFail() {
  return ({ job }: { job: { allowFailure: boolean } }) =>
    job.allowFailure ? [] : ['GitLab does not allow the failure'];
}
