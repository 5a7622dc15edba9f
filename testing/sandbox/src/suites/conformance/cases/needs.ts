import type { Expectation, Suite } from '../conformance-case.ts';
import { endsWith, failsWithExitCode, succeedsWith } from '../expectations.ts';

export const NEEDS: Suite = {
  repository: 'needs',
  cases: [
    {
      keyword: 'needs',
      name: 'starts before the stages between are over, with the artifacts of what it needs only',
      jobs: { slow: succeedsWith(), early: [...succeedsWith('one'), beganBeforeSlowEnded()] },
    },
    {
      keyword: 'needs',
      name: 'artifacts: false, and optional jobs that are not there',
      jobs: { 'without-artifacts': succeedsWith('no artifacts') },
    },
    {
      keyword: 'needs',
      name: "a user that is not root may read what a needed job's artifacts brought",
      jobs: { 'as-user': succeedsWith('two') },
    },
    {
      keyword: 'dependencies',
      name: 'none said: the artifacts of all earlier stages',
      quick: true,
      jobs: {
        'make-one': succeedsWith(),
        'make-two': succeedsWith(),
        'all-earlier': succeedsWith('one', 'two'),
      },
    },
    {
      keyword: 'dependencies',
      name: 'some, and an empty list',
      jobs: { 'some-dependencies': succeedsWith('two'), 'no-dependencies': succeedsWith('neither') },
    },
    {
      keyword: 'dependencies',
      name: 'file modes survive from job to job',
      jobs: { modes: succeedsWith('mode 750') },
    },
    {
      keyword: 'when',
      name: 'after a failure: allowed, skipped, on_failure',
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
    return before ? [] : ['it waited for a stage that it does not need'];
  };
}
