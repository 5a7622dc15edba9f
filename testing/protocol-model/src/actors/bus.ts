import type { EventEntry } from '@serverless-gitlab-runner/shared-events';
import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { Random } from '../random.ts';
import type { Hops } from './latencies.ts';
import type { Queue } from './queue.ts';

/** The event bus with the one rule that matters here: what asks for a manager goes into the launcher's queue. */
export interface Bus {
  put(entries: readonly EventEntry[]): void;
}

const ASKS_FOR_A_MANAGER: readonly string[] = ['JobQueued', 'ManagerRequested'];

export function createBus(clock: Clock, random: Random, faults: Faults, queue: Queue, latencies: Hops): Bus {
  let count = 0;
  return {
    put(entries) {
      for (const { DetailType, Detail, Source, Time } of entries) {
        if (!ASKS_FOR_A_MANAGER.includes(DetailType)) continue;
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
