import { count, usd } from '../../page/format.js';
import { plainTable } from '../plain-table.ts';
import { wrap } from '../wrap.ts';
import {
  type Comparison,
  type FleetForecast,
  MIN_JOBS,
  MIN_PIPELINES,
  type SettingForecast,
} from './forecast-fleet.ts';

/** What every forecast assumes, for people who decide by it. */
export const ASSUMPTIONS = [
  "The same pipelines come at the same times, and their jobs take as long. The decisions of launcher, reaper and forecast are the real ones; GitLab, AWS and the claims of tasks are modelled by their usual delays, a manager's start by published figures.",
  'The logs contain no stages: a job queued after the end of another of its pipeline belongs to a later stage, and one queued two minutes after everything else ended begins a pipeline of its own. main, master and production count as protected.',
  'Logins of jobs and services with variables, whose tasks are never started ahead, are not in the logs either: with many of them, `next` saves less than forecast.',
  'Costs are list prices of job tasks and managers, Spot at its usual discount. Without capacity problems, lost webhooks and crashes; Lambdas, logs and traffic are additional.',
];

export interface ForecastReport {
  /** As requested. */
  days: number;
  leftOut: { withoutPipeline: number; incomplete: number };
  jobsOfUnknownFleets: number;
}

/** Renders forecasts as lines of at most `columns` characters, at 80 or more. */
export function renderForecasts(
  forecasts: readonly FleetForecast[],
  report: ForecastReport,
  columns: number,
): string[] {
  const lines = forecasts.flatMap((forecast) => [...renderForecast(forecast, report.days, columns), '']);
  const notes = notesOf(report);
  return [
    ...lines,
    ...notes.flatMap((note) => wrap(note, columns)),
    ...(notes.length > 0 ? [''] : []),
    'What this assumes:',
    ...ASSUMPTIONS.flatMap((text) => bullet(text, columns)),
  ];
}

function renderForecast(forecast: FleetForecast, days: number, columns: number): string[] {
  if (forecast.kind !== 'forecast') return wrap(tooFewJobs(forecast, days), columns);
  const { fleet, basis, today, alternative, command, comparison, start } = forecast;
  return [
    ...wrap(
      `Fleet ${fleet}: 30 days like these, from ${count(basis.jobs, 'job')} in ${count(basis.pipelines, 'pipeline')} of ${rounded(basis.days)} d`,
      columns,
    ),
    ...(basis.jobsLeftOut > 0 ? wrap(`${count(basis.jobsLeftOut, 'older job')} left out.`, columns) : []),
    '',
    ...settingsTable(today, alternative),
    '',
    ...wrap(worthOf(forecast), columns),
    ...wrap(`To change it: ${command}`, columns),
    '',
    ...comparisonTable(comparison),
    '',
    ...wrap(trustText(start, comparison.jobWaits.measuredJobs, basis.jobs), columns),
  ];
}

function settingsTable(today: SettingForecast, alternative: SettingForecast): string[] {
  const row = (setting: SettingForecast, name: string) => [
    name,
    usd(setting.monthUsd),
    usd(setting.managersMonthUsd),
    seconds(setting.waitedSeconds.median),
    seconds(setting.waitedSeconds.mean),
    seconds(setting.waitedSeconds.p95),
    setting.waitedStarts.toFixed(1),
  ];
  return plainTable(
    ['ahead.start', 'about', 'managers', 'median wait', 'mean', '95 %', 'starts'],
    [row(today, `${today.aheadStart} (today)`), row(alternative, alternative.aheadStart)],
    [1, 2, 3, 4, 5, 6],
  );
}

/** What `next` costs and saves, whichever of the two is today's. */
function worthOf({ today, alternative, usdPerSavedMinute }: FleetForecast & { kind: 'forecast' }): string {
  const [off, next] = today.aheadStart === 'off' ? [today, alternative] : [alternative, today];
  if (next.tasksStartedAhead === 0)
    return '`next` would start no task ahead: what follows is too uncertain, or tags of these images may move unnoticed (job.imageConfigRegistries, ahead.tagsAreFixed).';
  if (usdPerSavedMinute === undefined) return '`next` saves no waiting time here.';
  const minutes = Math.round(off.waitedMinutesMonth - next.waitedMinutesMonth);
  const more = next.monthUsd - off.monthUsd;
  const saved = `With \`next\`, pipelines wait ${count(minutes, 'minute')} less in 30 days`;
  return more <= 0
    ? `${saved}, and it costs ${usd(-more)} less.`
    : `${saved}, for ${usd(more)}: ${usdPerSavedMinute < 0.0001 ? 'less than $0.0001' : usd(usdPerSavedMinute)} a saved minute.`;
}

function comparisonTable({ jobWaits, tasksMonthUsd }: Comparison): string[] {
  const { simulated, measured, measuredJobs } = jobWaits;
  const wait = (name: string, key: keyof typeof simulated) => [
    name,
    seconds(simulated[key]),
    measuredJobs === 0 ? 'unknown' : seconds(measured[key]),
  ];
  return plainTable(
    ["how far to trust it: today's settings", 'simulated', 'measured'],
    [
      wait('a job waits, median', 'median'),
      wait('a job waits, mean', 'mean'),
      wait('a job waits, 95 %', 'p95'),
      ['tasks of jobs, 30 days', usd(tasksMonthUsd.simulated), usd(tasksMonthUsd.measured)],
    ],
    [1, 2],
  );
}

function trustText(
  { seconds: mean, measured }: { seconds: number; measured: number },
  measuredWaits: number,
  jobs: number,
): string {
  return [
    measured > 0
      ? `One start is ${seconds(mean)}, from ${count(measured, 'measured start')}.`
      : `One start is ${seconds(mean)}, from published figures: too few starts were measured.`,
    ...(measuredWaits < jobs ? [`Waits were measured for ${count(measuredWaits, 'job')}.`] : []),
    'Measured costs count from RunTask, simulated ones from the pull, as AWS bills.',
  ].join(' ');
}

/** Why a fleet has no forecast, and what to do. */
export function tooFewJobs({ fleet, basis, kind }: FleetForecast, days: number): string {
  if (kind === 'overloaded')
    return `Fleet ${fleet}: with its settings of today it cannot keep up with the ${count(basis.jobs, 'job')} of ${rounded(days)} d, so waiting times would only grow. Raise manager.max or manager.concurrentJobs.`;
  return `Fleet ${fleet}: ${count(basis.jobs, 'job')} in ${count(basis.pipelines, 'pipeline')} within ${rounded(days)} d. A forecast needs at least ${MIN_JOBS} jobs in ${MIN_PIPELINES} pipelines: choose more days with --days (the logs are kept for two weeks), or come back later.`;
}

/** What could not be replayed. */
export function notesOf({ leftOut, jobsOfUnknownFleets }: ForecastReport): string[] {
  const { withoutPipeline, incomplete } = leftOut;
  return [
    ...(withoutPipeline > 0
      ? [
          `${count(withoutPipeline, 'job')} without a pipeline id not replayed: that needs GitLab Runner 19.0 or newer.`,
        ]
      : []),
    ...(incomplete > 0
      ? [`${count(incomplete, 'task')} without a start or an end in these logs not replayed.`]
      : []),
    ...(jobsOfUnknownFleets > 0
      ? [`${count(jobsOfUnknownFleets, 'job')} of removed or invalid fleets not replayed.`]
      : []),
  ];
}

function bullet(text: string, columns: number): string[] {
  return wrap(text, columns, '  ').map((line, index) => (index === 0 ? `- ${line.trimStart()}` : line));
}

function seconds(number: number): string {
  return `${Math.round(number)} s`;
}

/** With a decimal below ten. */
function rounded(number: number): string {
  return number < 10 ? `${Math.round(number * 10) / 10}` : `${Math.round(number)}`;
}
