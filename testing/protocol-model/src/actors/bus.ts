import type { EventEntry } from '@serverless-gitlab-runner/shared-events';
import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { Random } from '../random.ts';
import type { Latencies } from './latencies.ts';
import type { Queue } from './queue.ts';

/** The event bus with its only relevant rule: events that request a manager go to the launcher's queue. */
export interface Bus {
  put(entries: readonly EventEntry[]): void;
}

const MANAGER_REQUESTS: readonly string[] = ['JobQueued', 'ManagerRequested'];

export function createBus(
  clock: Clock,
  random: Random,
  faults: Faults,
  queue: Queue,
  latencies: Latencies,
): Bus {
  let count = 0;
  return {
    put(entries) {
      for (const { DetailType, Detail, Source, Time } of entries) {
        if (!MANAGER_REQUESTS.includes(DetailType)) continue;
        count += 1;
        const head = JSON.stringify({
          id: `event-${count}`,
          source: Source,
          'detail-type': DetailType,
          time: Time.toISOString(),
        });
        const body = `${head.slice(0, -1)},"detail":${Detail}}`;
        const deliver = () => queue.send(body);
        clock.after(latencies.bus(), deliver);
        if (faults.hits(faults.rates().duplicates)) clock.after(random.between(100, 60_000), deliver);
      }
    },
  };
}
