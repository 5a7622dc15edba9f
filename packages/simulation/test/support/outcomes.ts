import type { Outcome } from '../../src/fleet/outcome.ts';
import { policyByName } from '../../src/policies.ts';

/** Pipelines that waited for these seconds, with one start of 50 s, and jobs of that cost in dollars. */
export const outcome = (
  policy: string,
  seconds: number[],
  jobs: number,
  over: Partial<Outcome> = {},
): Outcome => ({
  policy: policyByName(policy),
  pipelines: seconds.map((waitedSeconds, index) => ({
    stages: index + 1,
    waitedSeconds,
    waitedStarts: waitedSeconds / 50,
  })),
  jobWaits: [],
  bill: { usd: { jobs, managers: 0, unclaimed: 0, idle: 0 } },
  ahead: { started: 0, claimed: 0 },
  managers: 0,
  ...over,
});
