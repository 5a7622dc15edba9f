import type { Expectation, Suite } from '../conformance-case.ts';
import { says, succeedsWith } from '../expectations.ts';

const FLEET = 'ahead';
const CLAIMED = says(/Claimed task \S+, started \d+\.\d s ago/);

/** The first pipeline teaches the manager what follows `build`; its cases are those of the second. */
export const AHEAD: Suite = {
  repository: 'ahead',
  fleet: {
    name: FLEET,
    manager: { max: 1, concurrentJobs: 6, idleSeconds: 60, checkIntervalSeconds: 1, drainPollSeconds: 1 },
    ahead: { start: 'next', maxVcpu: 4 },
  },
  earlierPipelines: [{ configuration: '.gitlab-ci.yml' }],
  cases: [
    {
      keyword: 'ahead',
      name: 'a job of the next stage claims a task that was started while the one before it ran',
      jobs: { build: succeedsWith('built'), test: [...succeedsWith('test of main'), CLAIMED] },
    },
    {
      keyword: 'ahead',
      name: 'its services get the variables of the job that claims the task',
      jobs: { 'test-with-service': [...succeedsWith(), CLAIMED, servesOwnPipeline()] },
    },
    {
      keyword: 'ahead',
      name: 'a job whose image may have moved gets a task of its own',
      jobs: {
        'test-moving-tag': [
          ...succeedsWith('test-moving-tag of main'),
          says(/No task is started ahead for this job: the tag of \S+\/team\/app:1\.0 may move/),
        ],
      },
    },
    {
      keyword: 'ahead',
      name: 'a job with a size of its own claims a task of that size',
      jobs: { 'test-sized': [...succeedsWith('test-sized of main'), CLAIMED] },
    },
    {
      keyword: 'ahead',
      name: 'a job that runs on Spot claims a task on Spot',
      jobs: { 'test-on-spot': [...succeedsWith('test-on-spot of main'), CLAIMED] },
    },
    {
      keyword: 'ahead',
      name: 'a claimed task has run no other job',
      jobs: { deploy: [...succeedsWith('deployed from a fresh task'), CLAIMED] },
    },
  ],
};

/** The variable of the service belongs to the job's pipeline, not to an earlier one. */
function servesOwnPipeline(): Expectation {
  return ({ log }) => {
    const [, served] = /^the service has (\d+)$/m.exec(log.toString()) ?? [];
    const [, expected] = /^expected the service has (\d+)$/m.exec(log.toString()) ?? [];
    return served !== undefined && served === expected
      ? []
      : [`the service has ${served}, expected ${expected}`];
  };
}
