import {
  type Attempt,
  createRandom,
  DAY,
  type FleetSettings,
  HOUR,
  type JobTrace,
  MINUTE,
  type PipelineTrace,
  type Random,
  type Trace,
} from '@serverless-gitlab-runner/simulation';

/**
 * How a team works. The teams are synthetic, and every number in this file is assumed. The page's last table varies the habits;
 * use `--trace` for a real team.
 */
export interface Habits {
  /** Fraction of projects in which later stages run an image that an earlier stage pushes; half of those stages' jobs do. */
  movingImages: number;
  /** Fraction of the jobs after the first stage that rules exclude for some changes. */
  ruledJobs: number;
  /** Probability that a project's images were updated since its previous pipeline. */
  imageUpdates: number;
  /** Factor for the jobs' failure probabilities, which are 0.5 to 5 %. */
  failures: number;
  /** Median compressed megabytes of the images; they range from a sixth to five times of it. */
  imageMb: number;
}

export const HABITS: Habits = {
  movingImages: 0.12,
  ruledJobs: 0.3,
  imageUpdates: 1 / 60,
  failures: 1,
  imageMb: 180,
};

export interface Team {
  people: number;
  /** Weekdays that only train the forecast. */
  warmUpDays: number;
  /** Weekdays measured after the warm-up. */
  measuredDays: number;
  settings: FleetSettings;
}

export const TEAMS: Readonly<Record<string, Team>> = {
  '5': {
    people: 5,
    warmUpDays: 10,
    measuredDays: 20,
    settings: { maxManagers: 1, concurrentJobs: 20, unclaimedVcpu: 8, instanceVcpu: 4 },
  },
  '50': {
    people: 50,
    warmUpDays: 5,
    measuredDays: 5,
    settings: { maxManagers: 3, concurrentJobs: 20, unclaimedVcpu: 24, instanceVcpu: 8 },
  },
  '500': {
    people: 500,
    warmUpDays: 1,
    measuredDays: 1,
    settings: { maxManagers: 20, concurrentJobs: 20, unclaimedVcpu: 160, instanceVcpu: 8 },
  },
};

const PIPELINES_PER_PERSON_AND_DAY = 4;
const PEOPLE_PER_PROJECT = 6;
/** Weights by number of stages, from one. */
const STAGE_COUNT_WEIGHTS = [0.05, 0.15, 0.25, 0.3, 0.15, 0.1];
/** Weights of pushes by hour from 8:00: two peaks with a lunch break between them. */
const HOUR_WEIGHTS = [2, 6, 9, 9, 5, 6, 9, 9, 7, 4, 2];
const FIRST_HOUR = 8;

/** What a push changes, with probabilities. */
const CHANGES = { backend: 0.45, frontend: 0.25, everything: 0.15, docs: 0.1, infrastructure: 0.05 };
type Change = keyof typeof CHANGES;

interface JobTemplate {
  name: string;
  image: string;
  imageMb: number;
  imageMoves: boolean;
  cpu: number;
  memory: number;
  medianSeconds: number;
  /** Standard deviation of the logarithm of its duration. */
  spread: number;
  failureChance: number;
  hasRetry: boolean;
  /** Changes for which its rules include it; undefined for all. */
  onlyFor: ReadonlySet<Change> | undefined;
  onlyProtected: boolean;
}

interface ProjectTemplate {
  name: string;
  stages: JobTemplate[][];
  /** Incremented when a base image is updated: every job then has another shape. */
  imageVersion: number;
}

/** Generates a team's pipelines on weekdays, starting on a Monday. */
export function syntheticTeam(team: Team, seed: number, habits: Habits = HABITS): Trace {
  const random = createRandom(seed);
  const count = Math.max(2, Math.round(team.people / PEOPLE_PER_PROJECT));
  const projects = Array.from({ length: count }, (_, index) =>
    makeProject(random, `project-${index + 1}`, habits),
  );
  const ids = { job: 0, pipeline: 0 };
  const pipelines: PipelineTrace[] = [];
  for (let day = 0; day < team.warmUpDays + team.measuredDays; day += 1) {
    const midnight = startOfWeekday(day);
    const pushes = poisson(random, team.people * PIPELINES_PER_PERSON_AND_DAY);
    const times = Array.from({ length: pushes }, () => midnight + timeOfDay(random)).sort(
      (one, other) => one - other,
    );
    for (const at of times) {
      // Some projects are busier: the smaller of two random numbers favours the first projects.
      const project = projects[Math.min(random.between(0, count - 1), random.between(0, count - 1))];
      const pipeline = project && makePipeline(random, project, { at, ids, habits });
      if (pipeline) pipelines.push(pipeline);
    }
  }
  return {
    name: `team of ${team.people}`,
    seed,
    pipelines,
    settings: team.settings,
    measuredFrom: startOfWeekday(team.warmUpDays),
    endsAt: startOfWeekday(team.warmUpDays + team.measuredDays - 1) + DAY,
  };
}

function startOfWeekday(day: number): number {
  return (Math.floor(day / 5) * 7 + (day % 5)) * DAY;
}

function makeProject(random: Random, name: string, habits: Habits): ProjectTemplate {
  const images = Array.from({ length: random.between(1, 3) }, (_, index) => ({
    image: `${name}-image-${index + 1}`,
    imageMb: clamped(logNormal(random, habits.imageMb, 0.7), habits.imageMb / 6, habits.imageMb * 5),
  }));
  const pushesItsImage = random.chance(habits.movingImages);
  const stageCount = 1 + weighted(random, STAGE_COUNT_WEIGHTS);
  const deploysOnlyProtected = stageCount > 2 && random.chance(0.7);
  const stages = Array.from({ length: stageCount }, (_, stage) => {
    const isDeploy = deploysOnlyProtected && stage === stageCount - 1;
    const jobs = isDeploy ? random.between(1, 2) : random.between(1, 5);
    return Array.from({ length: jobs }, (_, index) => ({
      name: `stage-${stage + 1}-job-${index + 1}`,
      ...random.pick(images),
      ...random.pick([
        { cpu: 1024, memory: 2048 },
        { cpu: 1024, memory: 2048 },
        { cpu: 1024, memory: 2048 },
        { cpu: 2048, memory: 4096 },
      ]),
      imageMoves: random.chance(0.5) && pushesItsImage && stage > 0,
      medianSeconds: clamped(logNormal(random, 80, 0.8), 10, 1500),
      spread: 0.1 + 0.25 * random.next(),
      failureChance: habits.failures * random.pick([0.005, 0.01, 0.03, 0.05]),
      hasRetry: random.chance(0.3),
      onlyFor: makeRule(random, stage > 0 ? habits.ruledJobs : 0),
      onlyProtected: isDeploy,
    }));
  });
  return { name, stages, imageVersion: 1 };
}

/** Changes of a job's rule, or undefined. Draws the same random numbers for any `chance`, so that habits are comparable. */
function makeRule(random: Random, chance: number): ReadonlySet<Change> | undefined {
  const main = random.pick(['backend', 'frontend', 'infrastructure'] as const);
  return random.chance(chance) ? new Set<Change>([main, 'everything']) : undefined;
}

interface Push {
  at: number;
  ids: { job: number; pipeline: number };
  habits: Habits;
}

function makePipeline(
  random: Random,
  project: ProjectTemplate,
  { at, ids, habits }: Push,
): PipelineTrace | undefined {
  if (random.chance(habits.imageUpdates)) project.imageVersion += 1;
  const isProtected = random.chance(0.2);
  const names = Object.keys(CHANGES) as Change[];
  const change = names[weighted(random, Object.values(CHANGES))] ?? 'everything';
  const stages: JobTrace[][] = [];
  for (const template of project.stages) {
    const jobs = template
      .filter(({ onlyProtected }) => isProtected || !onlyProtected)
      .filter(({ onlyFor }) => onlyFor?.has(change) ?? true)
      .map((job) => makeJob(random, job, project.imageVersion, ids));
    if (jobs.length === 0) continue;
    stages.push(jobs);
    if (jobs.some(({ attempts }) => attempts.at(-1)?.succeeded === false)) break;
  }
  if (stages.length === 0) return undefined;
  ids.pipeline += 1;
  return { id: ids.pipeline, project: project.name, isProtected, at, stages };
}

function makeJob(
  random: Random,
  template: JobTemplate,
  imageVersion: number,
  ids: { job: number },
): JobTrace {
  ids.job += 1;
  const { name, image, imageMb, imageMoves, cpu, memory, hasRetry } = template;
  const attempts: Attempt[] = [makeAttempt(random, template, template.failureChance)];
  // A retry succeeds after a random failure, but not after a real one.
  if (hasRetry && attempts[0]?.succeeded === false) attempts.push(makeAttempt(random, template, 0.4));
  return {
    id: ids.job,
    name,
    shape: `${image}:${imageVersion}`,
    cpu,
    memory,
    imageMb,
    imageMoves,
    tailSeconds: 3 + 9 * random.next(),
    attempts,
  };
}

function makeAttempt(random: Random, { medianSeconds, spread }: JobTemplate, failureChance: number): Attempt {
  const cold = random.chance(0.1) ? 1.5 : 1;
  const seconds = Math.max(3, logNormal(random, medianSeconds, spread) * cold);
  const succeeded = !random.chance(failureChance);
  return { seconds: succeeded ? seconds : seconds * (0.2 + 0.8 * random.next()), succeeded };
}

function timeOfDay(random: Random): number {
  return (FIRST_HOUR + weighted(random, HOUR_WEIGHTS)) * HOUR + random.next() * 60 * MINUTE;
}

/** Returns a random index according to the weights. */
function weighted(random: Random, weights: readonly number[]): number {
  let left = random.next() * weights.reduce((total, weight) => total + weight, 0);
  for (const [index, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return index;
  }
  return weights.length - 1;
}

/** Approximated by a normal distribution of the same mean and variance: means here are 20 or more. */
function poisson(random: Random, mean: number): number {
  return Math.max(0, Math.round(mean + Math.sqrt(mean) * random.normal()));
}

function logNormal(random: Random, median: number, spread: number): number {
  return median * Math.exp(spread * random.normal());
}

function clamped(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
