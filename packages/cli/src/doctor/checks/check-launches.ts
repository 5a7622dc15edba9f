import { duration } from '../../../page/format.js';
import type { LaunchFailure } from '../../read-launch-failures.ts';
import { broken, type Finding, warning } from '../finding.ts';

export interface DeadLetterFacts {
  launcher: number;
  reaper: number;
}

const REDRIVE = 'After mending the cause: npx sgr redrive';

/** What kept managers from starting: the last failure of each fleet and reason, and dead letters. */
export function checkLaunches(
  failures: readonly LaunchFailure[],
  { launcher, reaper }: DeadLetterFacts,
  now: number,
): Finding[] {
  const last = new Map(failures.map((failure) => [`${failure.fleet} ${failure.reason}`, failure]));
  return [
    ...[...last.values()].map(({ at, fleet, message }) =>
      broken(
        'launch-failed',
        `No manager of fleet ${fleet} could be started, last ${duration(now - at)} ago`,
        message,
      ),
    ),
    ...(launcher === 0
      ? []
      : [
          broken(
            'launcher-dead-letters',
            `The launcher gave up ${launcher} ${launcher === 1 ? 'job' : 'jobs'}, which wait in its dead-letter queue`,
            REDRIVE,
          ),
        ]),
    ...(reaper === 0
      ? []
      : [
          warning(
            'reaper-dead-letters',
            `The reaper missed ${reaper} ${reaper === 1 ? 'event' : 'events'}, kept in its dead-letter queue`,
            REDRIVE,
          ),
        ]),
  ];
}
