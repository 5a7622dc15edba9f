import type { FleetConfig } from '@serverless-gitlab-runner/fleet';
import {
  type Distribution,
  distributionOf,
  type Figures,
  figuresOf,
  meanStartSeconds,
  type Outcome,
  OverloadError,
  type StartModel,
  simulate,
  sum,
  type Trace,
} from '@serverless-gitlab-runner/simulation';
import { buildTrace } from './build-trace.ts';
import { derivePipelines, type LoggedPipeline } from './derive-pipelines.ts';
import { type AheadStart, type PricedInstallation, policyFor, simulatedSettings } from './fleet-settings.ts';
import type { LoggedJob, LoggedJobs } from './logged-job.ts';
import { startModelOf } from './measured-starts.ts';

/** What a fleet needs for a forecast: below, single pipelines decide the result. */
export const MIN_JOBS = 50;
export const MIN_PIPELINES = 20;
/** Jobs that are replayed, the newest ones: some seconds for each setting. */
const MAX_JOBS = 50_000;
/** Actions of the simulation: a fleet that keeps up needs some 10 for each job, and some for the minutes of its managers. */
const MAX_ACTIONS_PER_JOB = 150;
const MAX_OTHER_ACTIONS = 100_000;
const DAY_MS = 86_400_000;
const DAYS_OF_MONTH = 30;
const SEED = 1;

/** A forecast for one value of `ahead.start`. */
export interface SettingForecast {
  aheadStart: AheadStart;
  /** Dollars in 30 days: managers and tasks of jobs. */
  monthUsd: number;
  managersMonthUsd: number;
  /** Waiting time of a pipeline. */
  waitedSeconds: Distribution;
  /** The same, mean, as a multiple of a task's mean start time. */
  waitedStarts: number;
  waitedMinutesMonth: number;
  tasksStartedAhead: number;
}

/** What a forecast is made of. */
export interface ForecastBasis {
  jobs: number;
  pipelines: number;
  days: number;
  /** Older jobs that were not replayed, because there are too many. */
  jobsLeftOut: number;
}

/** Today's settings, simulated and measured in the same jobs. */
export interface Comparison {
  /** Seconds from a job's webhook until its task accepted commands. */
  jobWaits: { simulated: Distribution; measured: Distribution; measuredJobs: number };
  /** Dollars in 30 days, of the tasks of jobs. */
  tasksMonthUsd: { simulated: number; measured: number };
}

export type FleetForecast = { fleet: string; basis: ForecastBasis } & (
  | {
      kind: 'forecast';
      today: SettingForecast;
      alternative: SettingForecast;
      /** Dollars for each minute that pipelines wait less with `next` than with `off`; negative: it saves both; undefined: it saves no time. */
      usdPerSavedMinute: number | undefined;
      command: string;
      comparison: Comparison;
      /** A task's mean start time, and how many measured starts it is made of; 0: published figures. */
      start: { seconds: number; measured: number };
    }
  | { kind: 'too-few' }
  | { kind: 'overloaded' }
);

/** The days that the logs cover, in milliseconds since 1970. */
export interface LoggedTime {
  begin: number;
  end: number;
}

/** Forecasts a fleet's cost and waiting times from its logged jobs. */
export function forecastFleet(
  logged: Pick<LoggedJobs, 'jobs' | 'unclaimed'>,
  config: FleetConfig,
  installation: PricedInstallation,
  time: LoggedTime,
): FleetForecast {
  const own = logged.jobs.filter(({ fleet }) => fleet === config.name);
  const jobs = own.slice(-MAX_JOBS);
  const begin = beginOf(jobs, own.length > jobs.length, time);
  const pipelines = derivePipelines(jobs);
  const basis = {
    jobs: jobs.length,
    pipelines: pipelines.length,
    days: (time.end - begin) / DAY_MS,
    jobsLeftOut: own.length - jobs.length,
  };
  const about = { fleet: config.name, basis };
  if (jobs.length < MIN_JOBS || pipelines.length < MIN_PIPELINES) return { ...about, kind: 'too-few' };

  const { model, measured } = startModelOf(jobs);
  const trace = buildTrace(pipelines, config, simulatedSettings(config, installation), {
    begin: startOfTrace(pipelines, begin),
    end: time.end,
  });
  const todays = config.ahead.start;
  const other = todays === 'next' ? 'off' : 'next';
  const outcomes = simulateBoth(trace, config, model);
  if (outcomes === undefined) return { ...about, kind: 'overloaded' };
  const months = DAYS_OF_MONTH / basis.days;
  return {
    ...about,
    kind: 'forecast',
    today: settingForecast(todays, outcomes, months),
    alternative: settingForecast(other, outcomes, months),
    usdPerSavedMinute: figuresOf(outcomes.next, outcomes.off).usdPerSavedMinute,
    command: `sgr fleet set ${config.name} ahead.start=${other}`,
    comparison: compare(outcomes[todays], jobs, unclaimedUsd(logged, config, begin), months),
    start: { seconds: meanStartSeconds(trace, model), measured },
  };
}

/** A fleet that is younger than the days, longer than a weekend, is not measured by days on which it did not exist. */
const MAX_SILENCE_MS = 3 * DAY_MS;

function beginOf(jobs: readonly LoggedJob[], isCapped: boolean, { begin, end }: LoggedTime): number {
  const first = jobs[0]?.queuedAt ?? begin;
  if (isCapped) return first;
  // At least a day: some busy hours are no measure of a month.
  return first - begin > MAX_SILENCE_MS ? Math.min(first, end - DAY_MS) : begin;
}

/** A pipeline may have been queued a little before the logs begin. */
function startOfTrace(pipelines: readonly LoggedPipeline[], begin: number): number {
  return Math.min(begin, pipelines[0]?.at ?? begin);
}

type Outcomes = Record<AheadStart, Outcome>;

/** Undefined if the fleet cannot keep up with its jobs. */
function simulateBoth(trace: Trace, config: FleetConfig, model: StartModel): Outcomes | undefined {
  const jobs = sum(trace.pipelines.map(({ stages }) => stages.flat().length));
  const limits = { maxActions: MAX_ACTIONS_PER_JOB * jobs + MAX_OTHER_ACTIONS };
  const run = (start: AheadStart) => simulate(trace, policyFor(config, start), model, SEED, limits);
  try {
    return { off: run('off'), next: run('next') };
  } catch (error) {
    if (error instanceof OverloadError) return undefined;
    throw error;
  }
}

function settingForecast(aheadStart: AheadStart, outcomes: Outcomes, months: number): SettingForecast {
  const outcome = outcomes[aheadStart];
  const figures: Figures = figuresOf(outcome, outcomes.off);
  return {
    aheadStart,
    monthUsd: figures.usd * months,
    managersMonthUsd: figures.managersUsd * months,
    waitedSeconds: figures.waitedSeconds,
    waitedStarts: figures.waitedStarts.mean,
    waitedMinutesMonth: (sum(outcome.pipelines.map(({ waitedSeconds }) => waitedSeconds)) / 60) * months,
    tasksStartedAhead: figures.startedAhead,
  };
}

function compare(
  { bill, jobWaits }: Outcome,
  jobs: readonly LoggedJob[],
  unclaimed: number,
  months: number,
): Comparison {
  const measured = jobs.flatMap(({ waitedSeconds }) => waitedSeconds ?? []);
  const { managers: _, ...tasks } = bill.usd;
  return {
    jobWaits: {
      simulated: distributionOf(jobWaits),
      measured: distributionOf(measured),
      measuredJobs: measured.length,
    },
    tasksMonthUsd: {
      simulated: sum(Object.values(tasks)) * months,
      measured: (sum(jobs.map(({ costUsd }) => costUsd)) + unclaimed) * months,
    },
  };
}

function unclaimedUsd(
  { unclaimed }: Pick<LoggedJobs, 'unclaimed'>,
  { name }: FleetConfig,
  begin: number,
): number {
  return sum(unclaimed.flatMap(({ fleet, at, costUsd }) => (fleet === name && at >= begin ? [costUsd] : [])));
}
