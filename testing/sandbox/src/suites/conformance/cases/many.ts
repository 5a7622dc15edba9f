import type { CaseContext, Expectation, Suite } from '../conformance-case.ts';
import { succeedsWith } from '../expectations.ts';
import { PIPELINE_TIMEOUT_MS } from '../start-pipeline.ts';

const FLEET = 'many';
const MAX_MANAGERS = 5;
/** Concurrent jobs of all managers: as many tasks of three containers as two cores can run. */
const MAX_CONCURRENT_JOBS = 20;
/** Numbers of parallel jobs, as in the repository. */
const JOBS = { one: 200, two: 200, three: 100 };

export const MANY: Suite = {
  repository: 'many',
  alone: true,
  fleet: {
    name: FLEET,
    manager: {
      max: MAX_MANAGERS,
      concurrentJobs: MAX_CONCURRENT_JOBS / MAX_MANAGERS,
      // On this busy machine a manager may wait long for its next job, and must not count as idle.
      idleSeconds: 120,
      checkIntervalSeconds: 1,
      drainPollSeconds: 1,
    },
  },
  cases: [
    {
      keyword: 'many',
      name: '500 queued jobs on five managers: every job runs once',
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
  if (started !== MAX_MANAGERS) throw new Error(`${started} managers were started, expected ${MAX_MANAGERS}`);
  const perManager = Map.groupBy(pipeline.jobs, (job) => job.manager?.systemId);
  if (perManager.size !== MAX_MANAGERS)
    throw new Error(`${perManager.size} managers took jobs, expected ${MAX_MANAGERS}`);
}
