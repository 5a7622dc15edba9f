import { styleText } from 'node:util';
import { duration } from '../../page/format.js';
import { plainTable } from '../plain-table.ts';
import { isServedByWebhook } from '../served-by-webhook.ts';
import { wrap } from '../wrap.ts';
import type { FleetStatus, Status } from './read-status.ts';

/** Renders a status as lines of at most `columns` characters, unless a name or URL is longer. */
export function renderStatus(status: Status, now: number, columns: number): string[] {
  const { region, fleets, managers, jobTasks, queue } = status;
  const age = (since: number | undefined) => (since === undefined ? '' : duration(now - since));
  return [
    `serverless-gitlab-runner in ${region}`,
    ...section(
      'Fleets',
      ['name', 'managers', 'jobs each', 'GitLab'],
      fleets.map(({ name, maxManagers, concurrentJobs, gitlabUrl = 'its document is invalid' }) => [
        name,
        maxManagers === undefined ? '' : `at most ${maxManagers}`,
        `${concurrentJobs ?? ''}`,
        gitlabUrl,
      ]),
    ),
    ...section(
      'Managers',
      ['task', 'fleet', 'slot', 'state', 'for', 'jobs'],
      managers.map(({ taskId, fleet, slot, state, isOutdated, since, jobs }) => [
        taskId.slice(0, 8),
        fleet,
        `${slot ?? ''}`,
        isOutdated ? `${state}, outdated` : state,
        age(since),
        `${jobs}`,
      ]),
    ),
    ...section(
      'Job tasks',
      ['job', 'task', 'fleet', 'state', 'for'],
      jobTasks.map(({ jobId, taskId, fleet, state, since }) => [
        jobId === undefined ? 'started ahead' : `${jobId}`,
        taskId.slice(0, 8),
        fleet,
        state,
        age(since),
      ]),
    ),
    '',
    `Queue: ${queue.messages} ${queue.messages === 1 ? 'job is' : 'jobs are'} looked at again until a task runs.`,
    ...[...warningsOf(status), ...outdatedWarning(managers)].flatMap((warning) =>
      wrap(`${styleText('yellow', '!')} ${warning}`, columns),
    ),
  ];
}

function section(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return ['', `${title}: none`];
  return ['', title, ...plainTable(head, rows).map((line) => `  ${line}`)];
}

/** What keeps jobs from running, and the command that shows or mends it. */
export function warningsOf({ fleets, queue }: Pick<Status, 'fleets' | 'queue'>): string[] {
  const letters = queue.launcherDeadLetters + queue.reaperDeadLetters;
  return [
    ...fleets.flatMap((fleet) => problemsOf(fleet, fleets)),
    ...(letters === 0
      ? []
      : [
          `${letters} ${letters === 1 ? 'message is' : 'messages are'} in the dead-letter queues (launcher ${queue.launcherDeadLetters}, reaper ${queue.reaperDeadLetters}): npx sgr redrive`,
        ]),
  ];
}

/** Managers that take jobs although the next one would be different. */
function outdatedWarning(managers: Status['managers']): string[] {
  const outdated = managers.filter(
    ({ isOutdated, state }) => isOutdated && (state === 'starting' || state === 'running'),
  ).length;
  if (outdated === 0) return [];
  const [keep, take, them] =
    outdated === 1 ? ['manager keeps', 'takes', 'it'] : ['managers keep', 'take', 'them'];
  return [
    `${outdated} ${keep} an earlier version or earlier settings, and ${take} jobs until idle or at the end of manager.maxLifetimeSeconds. Now: npx sgr drain replaces ${them}, once running jobs are done`,
  ];
}

function problemsOf(fleet: FleetStatus, all: readonly FleetStatus[]): string[] {
  const { name, problem, runnerToken, webhookSecret, gitlabUrl } = fleet;
  const store = 'npx sgr next-steps prints the command that stores one';
  const isServed = isServedByWebhook(gitlabUrl, all);
  return [
    ...(problem === undefined ? [] : [`The document of fleet ${name} is invalid: ${problem}`]),
    ...(runnerToken ? [] : [`Fleet ${name} has no runner token, so no manager is started: ${store}`]),
    ...(webhookSecret || isServed
      ? []
      : [`Fleet ${name} has no webhook secret, so every webhook is refused: ${store}`]),
  ];
}
