import { describe, expect, it } from 'vitest';
import { pricedInstallation } from '../src/forecast/fleet-settings.ts';
import { type FleetForecast, forecastFleet } from '../src/forecast/forecast-fleet.ts';
import type { LoggedJob, LoggedJobs } from '../src/forecast/logged-job.ts';
import { renderForecasts } from '../src/forecast/render-forecast.ts';
import { now } from './support/job.ts';
import { fleetConfig, loggedJob, loggedPipelines } from './support/logged-jobs.ts';

const DAY = 86_400_000;
const installation = pricedInstallation('us-east-1', undefined);

function forecast(
  jobs: LoggedJob[],
  settings: Record<string, unknown> = {},
  unclaimed: LoggedJobs['unclaimed'] = [],
) {
  const time = { begin: now - 4 * DAY, end: now };
  return forecastFleet({ jobs, unclaimed }, fleetConfig(settings), installation, time);
}

function made(result: FleetForecast) {
  if (result.kind !== 'forecast') throw new Error(result.kind);
  return result;
}

const jobs = loggedPipelines(30);
// One manager stays for all of them, so that it learns.
const patient = { manager: { idleSeconds: 3600 } };
const off = made(forecast(jobs, patient));
const next = made(forecast(jobs, { ...patient, ahead: { start: 'next' } }));

describe('a forecast', () => {
  it('says what it is made of', () => {
    expect(off.basis).toEqual({ jobs: 120, pipelines: 30, days: 4, jobsLeftOut: 0 });
    expect(off.start).toEqual({ seconds: 40, measured: 120 });
  });

  it("compares today's setting with the other one, and names the command that changes it", () => {
    expect([off.today.aheadStart, off.alternative.aheadStart, off.command]).toEqual([
      'off',
      'next',
      'sgr fleet set default ahead.start=next',
    ]);
    expect([next.today.aheadStart, next.alternative.aheadStart, next.command]).toEqual([
      'next',
      'off',
      'sgr fleet set default ahead.start=off',
    ]);
    expect(next.today).toEqual(off.alternative);
    expect(next.usdPerSavedMinute).toBe(off.usdPerSavedMinute);
  });

  it('simulates three starts of 40 s and their polls, and one where tasks start ahead', () => {
    expect(off.today.waitedSeconds.median).toBeGreaterThan(120);
    expect(off.today.waitedSeconds.median).toBeLessThan(140);
    expect(off.today.waitedStarts).toBeCloseTo(off.today.waitedSeconds.mean / 40);
    expect(off.alternative.waitedSeconds.median).toBeLessThan(60);
    const saved = off.today.waitedMinutesMonth - off.alternative.waitedMinutesMonth;
    const more = off.alternative.monthUsd - off.today.monthUsd;
    expect(off.usdPerSavedMinute).toBeCloseTo(more / saved);
  });

  it('is of 30 days, in the prices of the installation', () => {
    const price = { vcpu: 0.4048, gib: 0.04445 };
    const dear = forecastFleet(
      { jobs, unclaimed: [] },
      fleetConfig(patient),
      { ...installation, fargatePrices: { X86_64: price, ARM64: price } },
      { begin: now - 4 * DAY, end: now },
    );
    expect(made(dear).today.monthUsd / off.today.monthUsd).toBeCloseTo(10);
    // Three rows of more than four and a half hours, and the idle hour after each; 0.25 vCPU and 1 GiB.
    const hour = 0.04048 / 4 + 0.004445;
    expect(off.today.managersMonthUsd).toBeGreaterThan(7.5 * 16.5 * hour);
    expect(off.today.managersMonthUsd).toBeLessThan(7.5 * 18 * hour);
  });

  it('stands beside what was measured in the same jobs', () => {
    const { jobWaits, tasksMonthUsd } = off.comparison;
    expect(jobWaits.measured).toEqual({ median: 50, mean: 50, p95: 50 });
    expect(jobWaits.measuredJobs).toBe(120);
    expect(jobWaits.simulated.median).toBeCloseTo(41.5, -1);
    expect(tasksMonthUsd.measured).toBeCloseTo(120 * 0.0023 * 7.5);
    const withUnclaimed = forecast(jobs, patient, [
      { fleet: 'default', at: now - DAY, costUsd: 1 },
      { fleet: 'default', at: now - 5 * DAY, costUsd: 1 },
      { fleet: 'other', at: now - DAY, costUsd: 1 },
    ]);
    const more = made(withUnclaimed).comparison.tasksMonthUsd.measured - tasksMonthUsd.measured;
    expect(more).toBeCloseTo(7.5);
  });

  it('of a fleet that is younger than the logs counts its own days', () => {
    const time = { begin: now - 14 * DAY, end: now };
    const young = forecastFleet({ jobs, unclaimed: [] }, fleetConfig(), installation, time);
    // The first of three rows began 72 hours and five before now.
    expect(young.basis.days).toBeCloseTo(77 / 24);
    const hours = forecastFleet({ jobs: jobs.slice(-40), unclaimed: [] }, fleetConfig(), installation, time);
    expect(hours.basis.days).toBe(1);
  });

  it('starts nothing ahead whose tag may move', () => {
    const image = 'registry.example.com/app:1';
    const { alternative, usdPerSavedMinute } = made(forecast(loggedPipelines(30, { image }), patient));
    expect(alternative.tasksStartedAhead).toBe(0);
    // Only the shorter check interval is left.
    expect(usdPerSavedMinute ?? 0).toBeLessThan(0.001);
  });

  it.each([
    ['jobs', loggedPipelines(12)],
    ['pipelines', Array.from({ length: 60 }, (_, index) => loggedJob(`${index}`, -100, 0))],
    ['jobs of this fleet', loggedPipelines(30, { fleet: 'other' })],
  ])('is refused with too few %s', (_, few) => {
    expect(forecast(few).kind).toBe('too-few');
  });

  it('is given up if the fleet cannot keep up', () => {
    const manager = { max: 1, concurrentJobs: 1 };
    const flood = loggedPipelines(400).map((job) => ({ ...job, queuedAt: now - DAY }));
    expect(forecast(flood, { manager }).kind).toBe('overloaded');
  });
});

describe.each([80, 140])('on a screen of %i columns', (columns) => {
  const report = { days: 2, leftOut: { withoutPipeline: 0, incomplete: 0 }, jobsOfUnknownFleets: 0 };
  const long = { ...off, fleet: 'a'.repeat(32), command: `sgr fleet set ${'a'.repeat(32)} ahead.start=next` };
  const rich = { ...off.today, monthUsd: 123_456.78, managersMonthUsd: 12_345.67 };
  const many = {
    days: 14,
    leftOut: { withoutPipeline: 123_456, incomplete: 1 },
    jobsOfUnknownFleets: 99_999,
  };
  const text = (...forecasts: FleetForecast[]) => renderForecasts(forecasts, report, columns);

  it('a forecast fits, and has no colours', () => {
    const fewer = { ...forecast([]), fleet: 'a'.repeat(32) };
    const lines = renderForecasts([{ ...long, today: rich }, fewer, next], many, columns);
    expect(lines.filter((line) => line.length > columns)).toEqual([]);
    expect(lines.join('')).not.toContain('\u001b');
  });

  it('it says what it is based on, costs, saves and assumes', () => {
    const lines = text(off).join(' ').replaceAll(/\s+/g, ' ');
    expect(lines).toContain('from 120 jobs in 30 pipelines of 4 d');
    expect(lines).toMatch(/off \(today\) \$\d+\.\d\d \$\d+\.\d\d 1\d\d s 1\d\d s 1\d\d s 3\.\d/);
    expect(lines).toMatch(
      /pipelines wait \d+ minutes less in 30 days, for \$\S+: (less than )?\$0\.\d{4} a saved minute/,
    );
    expect(lines).toContain('To change it: sgr fleet set default ahead.start=next');
    expect(lines).toMatch(/a job waits, median \d+ s 50 s/);
    expect(lines).toContain('belongs to a later stage');
  });

  it.each<[string, FleetForecast, string]>([
    ['saves time and money', { ...next, today: { ...next.today, monthUsd: 0 } }, 'and it costs'],
    ['saves no time', { ...off, usdPerSavedMinute: undefined }, '`next` saves no waiting time here'],
    [
      'starts nothing',
      { ...off, alternative: { ...off.alternative, tasksStartedAhead: 0 } },
      'would start no task ahead',
    ],
    ['has no webhooks', withoutWebhooks(), 'unknown'],
    ['has no measured starts', { ...off, start: { seconds: 60, measured: 0 } }, 'published figures'],
    ['was capped', { ...off, basis: { ...off.basis, jobsLeftOut: 5 } }, '5 older jobs left out'],
    ['is overloaded', { ...forecast([]), kind: 'overloaded' }, 'cannot keep up'],
    ['has too few jobs', forecast([]), '0 jobs in 0 pipelines within 2 d. A forecast needs at least 50 jobs'],
  ])('it says that a fleet %s', (_, result, expected) => {
    expect(text(result).join(' ')).toContain(expected);
  });
});

function withoutWebhooks(): FleetForecast {
  const { jobWaits } = off.comparison;
  return { ...off, comparison: { ...off.comparison, jobWaits: { ...jobWaits, measuredJobs: 0 } } };
}
