import type { Expectation, Suite } from '../conformance-case.ts';
import { endsWith, failsWithExitCode, succeedsWith } from '../expectations.ts';

export const NEEDS: Suite = {
  repository: 'needs',
  cases: [
    {
      keyword: 'needs',
      name: 'a job starts before the stages in between end, with the artifacts of the jobs it needs only',
      jobs: { slow: succeedsWith(), early: [...succeedsWith('one'), beganBeforeSlowEnded()] },
    },
    {
      keyword: 'needs',
      name: 'artifacts: false, and optional jobs that do not exist',
      jobs: { 'without-artifacts': succeedsWith('no artifacts') },
    },
    {
      keyword: 'needs',
      name: "a non-root user can read a needed job's artifacts",
      jobs: { 'as-user': succeedsWith('two') },
    },
    {
      keyword: 'dependencies',
      name: 'not set: the artifacts of all earlier stages',
      quick: true,
      jobs: {
        'make-one': succeedsWith(),
        'make-two': succeedsWith(),
        'all-earlier': succeedsWith('one', 'two'),
      },
    },
    {
      keyword: 'dependencies',
      name: 'a list of jobs, and an empty list',
      jobs: { 'some-dependencies': succeedsWith('two'), 'no-dependencies': succeedsWith('neither') },
    },
    {
      keyword: 'dependencies',
      name: 'artifacts keep their file modes between jobs',
      jobs: { modes: succeedsWith('mode 750') },
    },
    {
      keyword: 'when',
      name: 'after a failure: jobs run after an allowed failure, are skipped, or run with on_failure',
      jobs: {
        fails: [failsWithExitCode(1)],
        'after-allowed-failure': succeedsWith('went on'),
        breaks: [failsWithExitCode(1)],
        'after-breaking': [endsWith('skipped')],
        'cleans-up': succeedsWith('cleaned up'),
      },
    },
  ],
};

function beganBeforeSlowEnded(): Expectation {
  return ({ job }) => {
    const slow = job.pipeline.jobs.find(({ name }) => name === 'slow');
    const before = job.startedAt && slow?.finishedAt && job.startedAt < slow.finishedAt;
    return before ? [] : ['the job waited for a stage that it does not need'];
  };
}
