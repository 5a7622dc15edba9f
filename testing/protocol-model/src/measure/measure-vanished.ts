import { START } from '../clock.ts';
import type { Violation } from '../invariants.ts';
import { runSchedule } from '../run-schedule.ts';
import { scheduleOf } from './measured-fleet.ts';

export interface Vanished {
  seed: number;
  /** Jobs that are cancelled as soon as they are queued, or of which only a webhook exists. */
  jobs: number;
  max: number;
  concurrentJobs: number;
  idleSeconds: number;
}

export interface VanishedReport {
  /** Managers that were started for them. */
  managers: number;
  /** Seconds until no message is left. */
  seconds: number;
  violation: Violation | undefined;
}

/** Webhooks arrive this many a second. */
const WEBHOOKS_PER_SECOND = 100;

/** Queues many jobs of which none is waiting when a manager asks for them, in virtual time. */
export async function measureVanished({ jobs, ...fleet }: Vanished): Promise<VanishedReport> {
  const planned = Array.from({ length: jobs }, (_, index) => ({
    at: index / WEBHOOKS_PER_SECOND,
    seconds: 1,
    webhook: 'sent' as const,
    cancelledAfter: 0,
  }));
  let lastAt = START;
  const { tasks, violation } = await runSchedule(scheduleOf({ ...fleet, jobs: planned }), {}, undefined, {
    onCall({ by, at }) {
      if (by === 'launcher') lastAt = at;
    },
  });
  return {
    managers: tasks.filter(({ role }) => role === 'manager').length,
    seconds: (lastAt - START) / 1000,
    violation,
  };
}
