import { type Log, step } from '@serverless-gitlab-runner/machine';
import type { BenchEnvironment, BenchFleet } from './bench-environment.ts';
import { type Figure, figureOf, mean, median } from './figure.ts';
import type { PipelineWait, StagedPipeline } from './staged-pipeline.ts';
import { costOfTasks, countAhead, meanStart } from './task-costs.ts';

/** Starts as slow as a small image on Fargate, in seconds. */
const STARTS = { seconds: 20, deviation: 4 } as const;
/** Longer than a start: a task that is started when the job before it starts can be ready in time. */
const SCRIPT_SECONDS = 30;

const STAGES = ['build', 'test', 'package', 'deploy'];
const NARROW = { stages: STAGES.map((name) => [name]), scriptSeconds: SCRIPT_SECONDS };
const WIDE = {
  stages: STAGES.map((name) => ['a', 'b', 'c', 'd'].map((suffix) => `${name}-${suffix}`)),
  scriptSeconds: SCRIPT_SECONDS,
};

/** Pairs run side by side, so short starts are enough; all are equal, so that only the fleets differ. */
const PAIRED_STARTS = { seconds: 6, deviation: 0 } as const;
const PAIRED_SCRIPT_SECONDS = 8;
const LANES = 4;
const PAIRS_PER_LANE = 5;
/** Both ask GitLab equally often: predictions that gain nothing must not seem to. */
const WRONG_FLEETS = { today: 'each-second', ahead: 'ahead' } as const satisfies Record<string, BenchFleet>;
/** Default size of a job's disk in GiB. */
const DISK_GIB = 20;

type Pipeline = Omit<StagedPipeline, 'tag'>;

/** With default settings, and with tasks started ahead. */
type PairedFleet = 'default' | 'ahead';

/** A pipeline's waiting time in both fleets. */
interface Pair {
  today: Measured;
  ahead: Measured;
}

interface Measured extends PipelineWait {
  /** In USD, by ECS's list of tasks. */
  cost: number;
  /** Mean start of its fleet's job tasks in seconds. */
  start: number;
}

/**
 * Measures what pipelines wait, from queued to the first line of their scripts, with and without tasks started ahead. Four jobs that
 * start at once wait for this machine's cores, which jobs on Fargate do not share; so they are measured with nothing beside them.
 */
export async function measurePipelines(
  environment: BenchEnvironment,
  seed: number,
  log: Log,
): Promise<Figure[]> {
  await environment.switches.setStartTimes({ ...STARTS, seed });
  const projects = {
    narrow: await projectsOf(environment, 'narrow'),
    wide: await projectsOf(environment, 'wide'),
  };
  await step(log, 'First run: managers start and learn (not measured)', () =>
    Promise.all([
      environment.run(projects.narrow.ahead, 'ahead', NARROW),
      environment.run(projects.wide.ahead, 'ahead', WIDE),
      environment.run(projects.narrow.default, 'default', { ...NARROW, stages: [['build']] }),
    ]),
  );
  const wideAhead = await step(log, 'Four stages with four jobs each, with tasks started ahead', () =>
    measure(environment, projects.wide, 'ahead', WIDE),
  );
  const [narrow, wideToday] = await step(
    log,
    'Four stages with one job each, beside four stages with four jobs each with default settings',
    () =>
      Promise.all([
        runPair(environment, projects.narrow, NARROW),
        measure(environment, projects.wide, 'default', WIDE),
      ]),
  );
  const wide = { today: wideToday, ahead: wideAhead };
  const wrong = await step(
    log,
    `${LANES * PAIRS_PER_LANE} pairs of pipelines whose predictions are wrong`,
    () => runWrongPairs(environment, seed),
  );
  return [
    ...waitFigures('four stages with one job', narrow, 1.6),
    ...waitFigures('four stages with four jobs', wide, 1.8),
    ...wrongFigures(wrong),
  ];
}

async function projectsOf(environment: BenchEnvironment, name: string) {
  return {
    default: await environment.createProject('default', name),
    ahead: await environment.createProject('ahead', name),
  };
}

type Projects = Awaited<ReturnType<typeof projectsOf>>;

/** Runs a pipeline in both fleets at the same time. */
async function runPair(environment: BenchEnvironment, projects: Projects, pipeline: Pipeline): Promise<Pair> {
  const [today, ahead] = await Promise.all([
    measure(environment, projects, 'default', pipeline),
    measure(environment, projects, 'ahead', pipeline),
  ]);
  return { today, ahead };
}

async function measure(
  environment: BenchEnvironment,
  projects: Projects,
  fleet: PairedFleet,
  pipeline: Pipeline,
): Promise<Measured> {
  const from = new Date();
  const wait = await environment.run(projects[fleet], fleet, pipeline);
  const until = new Date();
  const tasks = await environment.tasksSince(fleet, from, projects[fleet]);
  return { ...wait, cost: costOfTasks(tasks, { from, until }), start: meanStart(tasks) };
}

function waitFigures(what: string, { today, ahead }: Pair, target: number): Figure[] {
  const start = mean([today.start, ahead.start]);
  const stages = (wait: PipelineWait) => wait.byStage.map((seconds) => seconds.toFixed(1)).join(' + ');
  return [
    figureOf({
      figure: `${what}: waiting time with tasks started ahead (${stages(ahead)}), in starts`,
      unit: 's',
      value: ahead.seconds,
      baseline: start,
      target,
    }),
    figureOf({
      figure: `${what}: waiting time with default settings (${stages(today)}), in starts`,
      unit: 's',
      value: today.seconds,
      baseline: start,
    }),
    figureOf({
      figure: `${what}: cost with tasks started ahead, to default settings`,
      unit: 'USD',
      value: ahead.cost,
      baseline: today.cost,
    }),
  ];
}

/**
 * Pairs whose second job needs a disk of a size that no job before it had. So a task that was started ahead for it fits neither it
 * nor any other job.
 */
async function runWrongPairs(environment: BenchEnvironment, seed: number): Promise<WrongPairs> {
  await environment.switches.setStartTimes({ ...PAIRED_STARTS, seed });
  const from = new Date();
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    const projects = {
      today: await environment.createProject(WRONG_FLEETS.today, `lane-${lane + 1}`),
      ahead: await environment.createProject(WRONG_FLEETS.ahead, `lane-${lane + 1}`),
    };
    const pairs: { today: number; ahead: number }[] = [];
    for (let number = 0; number <= PAIRS_PER_LANE; number += 1) {
      const pipeline = {
        stages: [['build'], ['test']],
        scriptSeconds: PAIRED_SCRIPT_SECONDS,
        jobVariables: { test: { FARGATE_EPHEMERAL_STORAGE: `${DISK_GIB + 1 + number}` } },
      };
      const [today, ahead] = await Promise.all([
        environment.run(projects.today, WRONG_FLEETS.today, pipeline),
        environment.run(projects.ahead, WRONG_FLEETS.ahead, pipeline),
      ]);
      // The first pair has nothing to predict from.
      if (number > 0) pairs.push({ today: today.seconds, ahead: ahead.seconds });
    }
    return pairs;
  });
  const pairs = (await Promise.all(lanes)).flat();
  const until = new Date();
  const tasks = {
    today: await environment.tasksSince(WRONG_FLEETS.today, from),
    ahead: await environment.tasksSince(WRONG_FLEETS.ahead, from),
  };
  const costOf = (fleet: keyof typeof tasks) => costOfTasks(tasks[fleet], { from, until });
  return {
    pairs,
    cost: { today: costOf('today'), ahead: costOf('ahead') },
    tasks: countAhead(tasks.ahead),
  };
}

interface WrongPairs {
  pairs: readonly { today: number; ahead: number }[];
  cost: { today: number; ahead: number };
  /** Tasks that were started ahead. */
  tasks: { started: number; claimed: number };
}

function wrongFigures({ pairs, cost, tasks }: WrongPairs): Figure[] {
  const what = 'predictions that are always wrong';
  return [
    figureOf({
      figure: `${what}: waiting time with tasks started ahead, to none, both asking each second (median of ${pairs.length} pairs)`,
      unit: '×',
      value: median(pairs.map(({ today, ahead }) => ahead / today)),
      baseline: 1,
      target: 1.02,
    }),
    figureOf({
      // Each of the four projects has one prediction before the brake stops them: in a week, that is far less of the cost.
      figure: `${what}: cost with tasks started ahead, to none; ${tasks.started} tasks for nothing beside ${2 * pairs.length} jobs`,
      unit: 'USD',
      value: cost.ahead,
      baseline: cost.today,
    }),
    // Not a number, and so missed, if nothing was started ahead: then no prediction was wrong.
    figureOf({
      figure: `${what}: claimed tasks, of those that were started ahead`,
      unit: 'tasks',
      value: tasks.claimed,
      baseline: tasks.started,
      target: 0,
    }),
  ];
}
