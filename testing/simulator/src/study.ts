import { type Figures, figuresOf } from './figures.ts';
import { meanStartSeconds, type Outcome, pooled, simulate } from './fleet/simulate.ts';
import { type Goal, goalsOf } from './goals.ts';
import { OTHER_STARTS, SMALL_STARTS, type StartModel, TODAYS_STARTS } from './model.ts';
import { mean } from './numbers.ts';
import { POLICIES, type Policy, policyNamed } from './policies.ts';
import { HABITS, type Habits, syntheticTeam, TEAMS, type Team } from './trace/synthetic-team.ts';
import type { FleetSettings, Trace } from './trace/trace.ts';

/** A team, or a trace from a file, under every policy. */
export interface TeamResult {
  name: string;
  seeds: number[];
  pipelines: number;
  jobs: number;
  /** Mean seconds that a job task takes to start: one start. */
  startSeconds: number;
  figures: Figures[];
  /** Name of the policy that `choose` takes. */
  chosen: string;
  settings: FleetSettings;
  /** Every pipeline's waiting in seconds, by policy: for plots, not in the report. */
  waits: Map<string, number[]>;
}

/** One assumption changed: what today's and the chosen policy make of it. */
export interface Variation {
  label: string;
  startSeconds: number;
  today: Figures;
  chosen: Figures;
  instances: Figures;
  oracle: Figures;
}

export interface Study {
  teams: TeamResult[];
  /** Of a team of 50; empty where another team or a file was asked for. */
  goals: Goal[];
  starts: Variation[];
  habits: Variation[];
}

/** Teams that a seed stands for: many small ones, since two projects are one team's whole luck. */
const SEEDS: Readonly<Record<string, number>> = { '5': 16, '50': 6, '500': 2 };
const VARIED_SEEDS = 3;
/** What `choose` may cost more than today. */
export const MOST_COST = 1.2;
export const MOST_USD_PER_SAVED_MINUTE = 0.005;
const VARIED_HABITS: readonly [string, Partial<Habits>][] = [
  ['no image whose tag an earlier stage pushes', { movingImages: 0 }],
  ['no rules', { ruledJobs: 0 }],
  ['twice the rules', { ruledJobs: 0.6 }],
  ['no image updates', { imageUpdates: 0 }],
  ['no failures', { failures: 0 }],
  ['three times the failures', { failures: 3 }],
  ['images of half the size', { imageMb: 90 }],
  ['images of twice the size', { imageMb: 360 }],
  ['nothing that surprises', { movingImages: 0, ruledJobs: 0, imageUpdates: 0, failures: 0 }],
];

/** Runs the named teams; with the team of 50, the goals and variations too. */
export function studyTeams(names: readonly string[], seed: number, progress: (line: string) => void): Study {
  const study: Study = { teams: [], goals: [], starts: [], habits: [] };
  for (const name of names) {
    const team = TEAMS[name];
    if (team === undefined) throw new RangeError(`there is no team of ${name}`);
    const seeds = Array.from({ length: SEEDS[name] ?? 1 }, (_, index) => seed + index);
    progress(`Team of ${name}: ${seeds.length} seeds, ${POLICIES.length} policies …`);
    const result = studyTraces(
      seeds.map((each) => syntheticTeam(team, each)),
      seeds,
    );
    study.teams.push(result);
    if (name !== '50') continue;
    const chosen = policyNamed(result.chosen);
    const varied = seeds.slice(0, VARIED_SEEDS);
    progress('Other start times and other habits …');
    study.starts = [TODAYS_STARTS, ...OTHER_STARTS].map((model) =>
      vary(model.label, team, varied, chosen, model),
    );
    study.habits = VARIED_HABITS.map(([label, over]) =>
      vary(label, team, varied, chosen, TODAYS_STARTS, { ...HABITS, ...over }),
    );
    study.goals = goalsOf(result, smallImages(team, seeds, chosen), wrongWeek(team, seeds));
  }
  return study;
}

/** Runs one trace from a file. */
export function studyTrace(trace: Trace, seed: number): Study {
  return { teams: [studyTraces([trace], [seed])], goals: [], starts: [], habits: [] };
}

function studyTraces(traces: readonly Trace[], seeds: readonly number[]): TeamResult {
  const outcomes = POLICIES.map((policy) => run(traces, policy, TODAYS_STARTS, seeds));
  const [[today], [first]] = [outcomes, traces];
  if (today === undefined || first === undefined) throw new RangeError('there is nothing to simulate');
  const figures = outcomes.map((outcome) => figuresOf(outcome, today));
  const waits = outcomes.map(
    ({ policy, pipelines }) => [policy.name, pipelines.map(({ waitedSeconds }) => waitedSeconds)] as const,
  );
  return {
    name: first.name,
    settings: first.settings,
    seeds: [...seeds],
    pipelines: today.pipelines.length,
    jobs: traces.flatMap(({ pipelines }) => pipelines.flatMap(({ stages }) => stages.flat())).length,
    startSeconds: mean(traces.map((trace) => meanStartSeconds(trace, TODAYS_STARTS))),
    figures,
    chosen: choose(figures),
    waits: new Map(waits),
  };
}

/**
 * The policy that a fleet of that team should have: of those that Fargate and this product can do, the one that waits least and
 * costs at most `MOST_COST` of today's and `MOST_USD_PER_SAVED_MINUTE`. Differences of less than 0.02 starts are none: the
 * earlier, which is the simpler one, is taken.
 */
export function choose(figures: readonly Figures[]): string {
  const [today] = figures;
  const affordable = figures.filter(
    ({ policy, cost, usdPerSavedMinute }) =>
      isProduct(policy) &&
      cost <= MOST_COST &&
      usdPerSavedMinute !== undefined &&
      usdPerSavedMinute <= MOST_USD_PER_SAVED_MINUTE,
  );
  const best = affordable.reduce<Figures | undefined>(
    (found, candidate) =>
      found === undefined || candidate.waitedStarts.mean < found.waitedStarts.mean - 0.02 ? candidate : found,
    undefined,
  );
  return (best ?? today)?.policy ?? 'today';
}

function isProduct(name: string): boolean {
  const { compute, ahead } = policyNamed(name);
  return compute === 'fargate' && ahead?.moment !== 'exactly' && ahead?.isWrong !== true;
}

function vary(
  label: string,
  team: Team,
  seeds: readonly number[],
  chosen: Policy,
  model: StartModel,
  habits = HABITS,
): Variation {
  const traces = seeds.map((seed) => syntheticTeam(team, seed, habits));
  const today = run(traces, policyNamed('today'), model, seeds);
  const figures = (policy: Policy) => figuresOf(run(traces, policy, model, seeds), today);
  return {
    label,
    startSeconds: mean(traces.map((trace) => meanStartSeconds(trace, model))),
    today: figuresOf(today, today),
    chosen: figures(chosen),
    instances: figures(policyNamed('managed-instances')),
    oracle: figures(policyNamed('oracle')),
  };
}

/** What the chosen policy makes with small images, compared with today's policy and images. */
function smallImages(team: Team, seeds: readonly number[], chosen: Policy): Figures {
  const traces = seeds.map((seed) => syntheticTeam(team, seed));
  const today = run(traces, policyNamed('today'), TODAYS_STARTS, seeds);
  return figuresOf(run(traces, chosen, SMALL_STARTS, seeds), today);
}

/** What predictions that are always wrong cost in a fleet's first week, when nothing has been turned off yet. */
function wrongWeek(team: Team, seeds: readonly number[]): Figures {
  const traces = seeds.map((seed) => syntheticTeam({ ...team, teachingDays: 0, measuredDays: 5 }, seed));
  const today = run(traces, policyNamed('today'), TODAYS_STARTS, seeds);
  return figuresOf(run(traces, policyNamed('wrong'), TODAYS_STARTS, seeds), today);
}

function run(traces: readonly Trace[], policy: Policy, model: StartModel, seeds: readonly number[]): Outcome {
  return pooled(traces.map((trace, index) => simulate(trace, policy, model, seeds[index] ?? 0)));
}
