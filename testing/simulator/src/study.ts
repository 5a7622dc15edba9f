import {
  type Figures,
  type FleetSettings,
  figuresOf,
  mean,
  meanStartSeconds,
  OTHER_STARTS,
  type Outcome,
  POLICIES,
  type Policy,
  policyByName,
  pool,
  SMALL_STARTS,
  type StartModel,
  simulate,
  TODAYS_STARTS,
  type Trace,
} from '@serverless-gitlab-runner/simulation';
import { type Goal, goalsOf } from './goals.ts';
import { HABITS, type Habits, syntheticTeam, TEAMS, type Team } from './trace/synthetic-team.ts';

/** Results of every policy for a team or for a trace from a file. */
export interface TeamResult {
  name: string;
  seeds: number[];
  pipelines: number;
  jobs: number;
  /** One start: the mean start time of a job task in seconds. */
  startSeconds: number;
  figures: Figures[];
  /** Name of the policy that `choose` returns. */
  chosen: string;
  settings: FleetSettings;
  /** Waiting time of every pipeline in seconds, by policy; for the plots, not in the report. */
  waits: Map<string, number[]>;
}

/** Figures under one changed assumption. */
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
  /** For a team of 50; empty if another team or a file was requested. */
  goals: Goal[];
  starts: Variation[];
  habits: Variation[];
}

/** Seeds per team size, one synthetic team each. A team of 5 needs more, because it has only two projects. */
const SEEDS: Readonly<Record<string, number>> = { '5': 16, '50': 6, '500': 2 };
const VARIED_SEEDS = 3;
/** Maximum cost of the chosen policy, relative to today. */
export const MAX_COST = 1.2;
export const MAX_USD_PER_SAVED_MINUTE = 0.005;
const VARIED_HABITS: readonly [string, Partial<Habits>][] = [
  ['no image pushed by an earlier stage', { movingImages: 0 }],
  ['no rules', { ruledJobs: 0 }],
  ['twice the rules', { ruledJobs: 0.6 }],
  ['no image updates', { imageUpdates: 0 }],
  ['no failures', { failures: 0 }],
  ['three times the failures', { failures: 3 }],
  ['images of half the size', { imageMb: 90 }],
  ['images of twice the size', { imageMb: 360 }],
  ['no surprises', { movingImages: 0, ruledJobs: 0, imageUpdates: 0, failures: 0 }],
];

/** Simulates the named teams; the team of 50 also gets the goals and variations. */
export function studyTeams(names: readonly string[], seed: number, progress: (line: string) => void): Study {
  const study: Study = { teams: [], goals: [], starts: [], habits: [] };
  for (const name of names) {
    const team = TEAMS[name];
    if (team === undefined) throw new RangeError(`unknown team size: ${name}`);
    const seeds = Array.from({ length: SEEDS[name] ?? 1 }, (_, index) => seed + index);
    progress(`Team of ${name}: ${seeds.length} seeds, ${POLICIES.length} policies …`);
    const result = studyTraces(
      seeds.map((each) => syntheticTeam(team, each)),
      seeds,
    );
    study.teams.push(result);
    if (name !== '50') continue;
    const chosen = policyByName(result.chosen);
    const varied = seeds.slice(0, VARIED_SEEDS);
    progress('Varying start times and habits …');
    study.starts = [TODAYS_STARTS, ...OTHER_STARTS].map((model) =>
      vary(model.label, team, varied, chosen, model),
    );
    study.habits = VARIED_HABITS.map(([label, over]) =>
      vary(label, team, varied, chosen, TODAYS_STARTS, { ...HABITS, ...over }),
    );
    study.goals = goalsOf(result, smallImages(team, seeds, chosen), alwaysWrongWeek(team, seeds));
  }
  return study;
}

/** Simulates one trace from a file. */
export function studyTrace(trace: Trace, seed: number): Study {
  return { teams: [studyTraces([trace], [seed])], goals: [], starts: [], habits: [] };
}

function studyTraces(traces: readonly Trace[], seeds: readonly number[]): TeamResult {
  const outcomes = POLICIES.map((policy) => run(traces, policy, TODAYS_STARTS, seeds));
  const [[today], [first]] = [outcomes, traces];
  if (today === undefined || first === undefined) throw new RangeError('no traces to simulate');
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
 * Chooses a policy for a team's fleet: of those that this product can implement on Fargate, the one with the shortest waiting
 * time that costs at most `MAX_COST` times today's cost and `MAX_USD_PER_SAVED_MINUTE`. Differences below 0.02 starts are
 * ignored; the earlier, simpler policy wins.
 */
export function choose(figures: readonly Figures[]): string {
  const [today] = figures;
  const affordable = figures.filter(
    ({ policy, cost, usdPerSavedMinute }) =>
      isProduct(policy) &&
      cost <= MAX_COST &&
      usdPerSavedMinute !== undefined &&
      usdPerSavedMinute <= MAX_USD_PER_SAVED_MINUTE,
  );
  const best = affordable.reduce<Figures | undefined>(
    (found, candidate) =>
      found === undefined || candidate.waitedStarts.mean < found.waitedStarts.mean - 0.02 ? candidate : found,
    undefined,
  );
  return (best ?? today)?.policy ?? 'today';
}

function isProduct(name: string): boolean {
  const { compute, ahead } = policyByName(name);
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
  const today = run(traces, policyByName('today'), model, seeds);
  const figures = (policy: Policy) => figuresOf(run(traces, policy, model, seeds), today);
  return {
    label,
    startSeconds: mean(traces.map((trace) => meanStartSeconds(trace, model))),
    today: figuresOf(today, today),
    chosen: figures(chosen),
    instances: figures(policyByName('managed-instances')),
    oracle: figures(policyByName('oracle')),
  };
}

/** The chosen policy with small images, compared with today's policy and images. */
function smallImages(team: Team, seeds: readonly number[], chosen: Policy): Figures {
  const traces = seeds.map((seed) => syntheticTeam(team, seed));
  const today = run(traces, policyByName('today'), TODAYS_STARTS, seeds);
  return figuresOf(run(traces, chosen, SMALL_STARTS, seeds), today);
}

/** Always wrong predictions in a fleet's first week, before any prediction has been turned off. */
function alwaysWrongWeek(team: Team, seeds: readonly number[]): Figures {
  const traces = seeds.map((seed) => syntheticTeam({ ...team, warmUpDays: 0, measuredDays: 5 }, seed));
  const today = run(traces, policyByName('today'), TODAYS_STARTS, seeds);
  return figuresOf(run(traces, policyByName('wrong'), TODAYS_STARTS, seeds), today);
}

function run(traces: readonly Trace[], policy: Policy, model: StartModel, seeds: readonly number[]): Outcome {
  return pool(traces.map((trace, index) => simulate(trace, policy, model, seeds[index] ?? 0)));
}
