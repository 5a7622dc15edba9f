import { type Log, step } from '@serverless-gitlab-runner/machine';
import {
  type AwsCall,
  type BurstReport,
  type LoadReport,
  measureBurst,
  measureLaunch,
  measureLoad,
} from '@serverless-gitlab-runner/protocol-model';
import { type Figure, figureOf, limitedFigure, mean, median } from './figure.ts';

const BURST = { jobs: 1000, within: 10, max: 5 } as const;
const BURST_RUNS = 20;

/**
 * Loads whose jobs take five minutes, and a larger one on few managers, whose jobs take longer: the managers share the rate at
 * which tasks are started.
 */
const LOADS = [
  { jobs: 10, managers: 1, endsPerMinute: 2 },
  { jobs: 100, managers: 5, endsPerMinute: 20 },
  { jobs: 1000, managers: 50, endsPerMinute: 200 },
  { jobs: 3000, managers: 15, endsPerMinute: 120 },
] as const;
/** Of ECS, a second, at 1,000 jobs. */
const CALLS_LIMIT = 10;

/** Counts AWS calls with the protocol model: the real decisions of launcher, reaper and manager, in virtual time. */
export async function measureCalls(seed: number, log: Log): Promise<Figure[]> {
  const launches = await step(log, 'Ten jobs from nothing', () => measureLaunches(seed));
  const burst = await step(log, `${BURST.jobs} jobs within ${BURST.within} s, ${BURST_RUNS} times`, () =>
    measureBursts(seed),
  );
  const loads: Figure[] = [];
  for (const load of LOADS) {
    const report = await step(log, `${load.jobs} concurrent jobs, ${load.endsPerMinute} ends a minute`, () =>
      measureLoad({ seed, ...load }),
    );
    loads.push(...loadFigures(load, report));
  }
  return [...launches, ...burst, ...loads];
}

async function measureLaunches(seed: number): Promise<Figure[]> {
  const one = await measureLaunch({ seed, jobs: 10, concurrentJobs: 20, max: 1 });
  const five = await measureLaunch({ seed, jobs: 10, concurrentJobs: 2, max: 5 });
  const runTasks = five.calls.filter(({ operation }) => operation === 'RunTask');
  const from = Math.min(...runTasks.map(({ at }) => at));
  const until = Math.max(...runTasks.map(answeredAt));
  return [
    limitedFigure({
      figure: `ten jobs from nothing, ${one.managers} manager: calls of the launcher`,
      unit: 'calls',
      value: one.calls.length,
      limit: 6,
    }),
    limitedFigure({
      figure: `ten jobs from nothing, ${five.managers} managers: calls of the launcher`,
      unit: 'calls',
      value: five.calls.length,
      limit: 14,
    }),
    figureOf({
      figure: `the RunTask calls of ${five.managers} managers, from the first to the last response, to one of them`,
      unit: 'ms',
      value: until - from,
      target: 2.5,
      baseline: mean(runTasks.map((call) => answeredAt(call) - call.at)),
    }),
  ];
}

function answeredAt(call: AwsCall): number {
  if (call.answeredAt === undefined) throw new Error(`${call.operation} was not answered`);
  return call.answeredAt;
}

async function measureBursts(seed: number): Promise<Figure[]> {
  const bursts: BurstReport[] = [];
  const singles: BurstReport[] = [];
  for (let run = 0; run < BURST_RUNS; run += 1) {
    bursts.push(await measureBurst({ seed: seed + run, ...BURST }));
    singles.push(await measureBurst({ seed: seed + run, jobs: 1, within: 1, max: 1 }));
  }
  for (const { violation } of bursts) if (violation) throw new Error(`the burst violates: ${violation.what}`);
  const seconds = (reports: readonly BurstReport[]) => median(reports.map((report) => report.seconds));
  const managers = Math.min(...bursts.map((report) => report.managers));
  return [
    figureOf({
      figure: `${BURST.jobs} jobs within ${BURST.within} s: lost, in ${BURST_RUNS} runs`,
      unit: 'jobs',
      value: bursts.reduce((sum, { lost }) => sum + lost, 0),
      target: 0,
      baseline: BURST.jobs * BURST_RUNS,
    }),
    figureOf({
      figure: `${BURST.jobs} jobs within ${BURST.within} s: first webhook to ${managers} managers, to that of one job (median)`,
      unit: 's',
      value: seconds(bursts),
      baseline: seconds(singles),
    }),
  ];
}

function loadFigures(load: (typeof LOADS)[number], report: LoadReport): Figure[] {
  const { violation, callsPerSecond, managers, jobTasks, byOperation, waitSeconds } = report;
  if (violation) throw new Error(`${load.jobs} jobs: ${violation.what}`);
  const what = `${jobTasks} running jobs on ${managers} managers, ${load.endsPerMinute} ends a minute`;
  const operations = [...byOperation]
    .toSorted(([, one], [, other]) => other - one)
    .map(([name, rate]) => `${name} ${rate.toFixed(1)}`);
  return [
    figureOf({
      figure: `${what}: calls to ECS a second (${operations.slice(0, 5).join(', ')}, …), to ${CALLS_LIMIT}`,
      unit: '1/s',
      value: callsPerSecond,
      baseline: CALLS_LIMIT,
      ...(load.jobs === 1000 ? { target: 1 } : {}),
    }),
    figureOf({
      figure: `${what}: longest wait for a manager that runs, to a manager's start of 60 s`,
      unit: 's',
      value: waitSeconds.max,
      baseline: 60,
    }),
  ];
}
