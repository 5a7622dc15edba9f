import type { ListedFleet } from '@serverless-gitlab-runner/fleet';
import { type Clients, createClients } from '../clients.ts';
import { readFleets } from '../fleets.ts';
import { findInstallation, type Installation } from '../installation.ts';
import { CUT } from '../jobs/cut-notice.ts';
import { createLogSearch, readRunLines } from '../jobs/read-runs.ts';
import { OperationError } from '../operation-error.ts';
import { readDeployedSettings } from '../settings/deployed-settings.ts';
import { DEFAULT_COLUMNS, type Terminal } from '../terminal.ts';
import { pricedInstallation } from './fleet-settings.ts';
import { type FleetForecast, forecastFleet, MIN_JOBS, MIN_PIPELINES } from './forecast-fleet.ts';
import { type ForecastLines, joinLoggedJobs } from './join-logged-jobs.ts';
import type { LoggedJobs } from './logged-job.ts';
import { ASSUMPTIONS, type ForecastReport, notesOf, renderForecasts, tooFewJobs } from './render-forecast.ts';

interface ForecastOptions {
  days: number;
  json: boolean;
}

/**
 * `sgr cost --forecast`.
 * @throws {OperationError} if no fleet has enough jobs
 */
export async function printForecast(
  { days, json }: ForecastOptions,
  terminal: Terminal,
  clients: Clients = createClients(),
): Promise<void> {
  const now = terminal.now();
  const since = now - days * 86_400_000;
  const installation = await findInstallation(clients.cloudFormation);
  const [{ lines, isCut }, fleets, deployed] = await Promise.all([
    readForecastLines(clients, installation, since),
    readFleets(clients.ssm, installation.parameterPrefix),
    readDeployedSettings(clients.ssm, installation.parameterPrefix),
  ]);
  if (isCut) terminal.printError(CUT);
  const logged = joinLoggedJobs(lines);
  // Of logs that are cut, the newest lines are missing.
  const end = isCut ? (logged.jobs.at(-1)?.endedAt ?? now) : now;
  const priced = pricedInstallation(installation.region, deployed?.installation);
  const forecasts = fleets.flatMap((fleet) =>
    'config' in fleet ? forecastFleet(logged, fleet.config, priced, { begin: since, end }) : [],
  );
  const report = { days, leftOut: logged.leftOut, jobsOfUnknownFleets: jobsWithoutFleet(logged, fleets) };
  if (!forecasts.some(({ kind }) => kind === 'forecast')) refuse(forecasts, report);
  if (json) {
    const entity = { ...report, fleets: forecasts, needed: { jobs: MIN_JOBS, pipelines: MIN_PIPELINES } };
    return terminal.print(JSON.stringify({ ...entity, assumptions: ASSUMPTIONS }, undefined, 2));
  }
  for (const line of renderForecasts(forecasts, report, terminal.columns ?? DEFAULT_COLUMNS))
    terminal.print(line);
}

async function readForecastLines(
  { logs }: Pick<Clients, 'logs'>,
  installation: Installation,
  since: number,
): Promise<{ lines: ForecastLines; isCut: boolean }> {
  const { search, isCut } = createLogSearch(logs, since);
  const [runs, ended] = await Promise.all([
    readRunLines(logs, installation, since),
    search(installation.logGroups.receiver, 'finished'),
  ]);
  return { lines: { ...runs.lines, ended }, isCut: isCut() || runs.isCut };
}

/** Jobs of fleets that were removed, or whose document is invalid. */
function jobsWithoutFleet({ jobs }: LoggedJobs, fleets: readonly ListedFleet[]): number {
  const names = new Set(fleets.flatMap((fleet) => ('config' in fleet ? fleet.name : [])));
  return jobs.filter(({ fleet }) => !names.has(fleet)).length;
}

function refuse(forecasts: readonly FleetForecast[], report: ForecastReport): never {
  const reasons = forecasts.map((forecast) => tooFewJobs(forecast, report.days));
  throw new OperationError(
    [...(reasons.length > 0 ? reasons : ['No fleet is deployed.']), ...notesOf(report)].join('\n'),
  );
}
