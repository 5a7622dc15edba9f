import type { Suite } from '../conformance-case.ts';
import { failsFor, says, succeedsWith } from '../expectations.ts';

export const BUILDS: Suite = {
  repository: 'builds',
  costlyImages: ['kaniko'],
  cases: [
    {
      keyword: 'image build',
      name: 'kaniko builds a Dockerfile of two stages with RUN and pushes it; a job of the next stage runs in that image',
      jobs: {
        'build-image': succeedsWith('the job goes on', 'after_script too'),
        'run-image': [
          ...succeedsWith('made by RUN: hello', 'COLOUR is green', 'owned by 1000', 'stage one is not in it'),
          says(/built as sha256:[0-9a-f]{64}/),
        ],
      },
    },
    {
      keyword: 'image build',
      name: "a RUN that fails: the job fails with that command's message",
      jobs: { 'build-fails': [failsFor('script_failure'), says("can't open 'not-there.txt'")] },
    },
  ],
};
