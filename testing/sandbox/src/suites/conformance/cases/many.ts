import type { CaseContext, Expectation, Suite } from '../conformance-case.ts';
import { succeedsWith } from '../expectations.ts';
import { PIPELINE_TIMEOUT_MS } from '../start-pipeline.ts';

const FLEET = 'many';
const MOST_MANAGERS = 5;
/** Jobs at once of all managers: as many tasks of three containers as two cores carry. */
const JOBS_AT_ONCE = 20;
/** As in the repository. */
const JOBS = { one: 200, two: 200, three: 100 };

export const MANY: Suite = {
  repository: 'many',
  alone: true,
  fleet: {
    name: FLEET,
    manager: {
      max: MOST_MANAGERS,
      concurrentJobs: JOBS_AT_ONCE / MOST_MANAGERS,
      // Longer than this machine, busy with so many tasks, may keep a manager from taking the next job.
      ...{ idleSeconds: 120, checkIntervalSeconds: 1, drainPollSeconds: 1 },
    },
  },
  cases: [
    {
      keyword: 'many',
      name: '500 queued jobs over five managers: every one runs, once',
      during: everyManagerTakesJobs,
      jobs: Object.fromEntries(Object.entries(JOBS).flatMap(([name, total]) => partsOf(name, total))),
    },
  ],
};

function partsOf(name: string, total: number): [string, Expectation[]][] {
  return Array.from({ length: total }, (_, index) => [
    `${name} ${index + 1}/${total}`,
    succeedsWith(`job ${index + 1} of ${total}`),
  ]);
}

async function everyManagerTakesJobs({ gitlab, pipeline, managers }: CaseContext): Promise<void> {
  await gitlab.waitForPipeline(pipeline.id, undefined, PIPELINE_TIMEOUT_MS);
  const started = managers(FLEET).length;
  if (started !== MOST_MANAGERS) throw new Error(`${started} managers were started, not ${MOST_MANAGERS}`);
  const perManager = Map.groupBy(pipeline.jobs, (job) => job.manager?.systemId);
  if (perManager.size !== MOST_MANAGERS) throw new Error(`${perManager.size} managers took jobs`);
}
