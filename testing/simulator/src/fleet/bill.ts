/** What a bill's lines are for. `unclaimed`: tasks started ahead that no job took. `idle`: those taken, until then. */
export const COST_KINDS = ['jobs', 'managers', 'unclaimed', 'idle'] as const;
export type CostKind = (typeof COST_KINDS)[number];

/** Dollars by kind, of what begins in the measured time. */
export interface Bill {
  usd: Record<CostKind, number>;
}

export function createBill(): Bill {
  return { usd: { jobs: 0, managers: 0, unclaimed: 0, idle: 0 } };
}

/** Adds what began at a time, unless that was before the measured one. */
export function charge(bill: Bill, kind: CostKind, usd: number, isMeasured: boolean): void {
  if (isMeasured) bill.usd[kind] += usd;
}

export function totalUsd({ usd }: Bill): number {
  return usd.jobs + usd.managers + usd.unclaimed + usd.idle;
}
