/** Purposes of costs. `unclaimed`: tasks started ahead but never claimed. `idle`: claimed tasks, until they were claimed. */
export const COST_KINDS = ['jobs', 'managers', 'unclaimed', 'idle'] as const;
export type CostKind = (typeof COST_KINDS)[number];

/** Dollars by kind, for everything that starts in the measured period. */
export interface Bill {
  usd: Record<CostKind, number>;
}

export function createBill(): Bill {
  return { usd: { jobs: 0, managers: 0, unclaimed: 0, idle: 0 } };
}

/** Adds a cost if it belongs to the measured period. */
export function charge(bill: Bill, kind: CostKind, usd: number, isMeasured: boolean): void {
  if (isMeasured) bill.usd[kind] += usd;
}

export function totalUsd({ usd }: Bill): number {
  return usd.jobs + usd.managers + usd.unclaimed + usd.idle;
}
