import * as z from 'zod';
import type { Architecture, CapacityProvider, FargateSize } from './fargate-sizes.ts';

/** USD on demand, for an hour. */
const hourlySchema = z.object({ vcpu: z.number().nonnegative(), gib: z.number().nonnegative() });

/** Prices of Fargate on Linux, on demand, in USD: a vCPU and a GiB of memory, for an hour, by architecture. */
export const fargatePricesSchema = z.object({ X86_64: hourlySchema, ARM64: hourlySchema });
export type FargatePrices = z.infer<typeof fargatePricesSchema>;

/** Whose prices stand in where a region's are not in the table. */
const REFERENCE_REGION = 'us-east-1';

const US = { X86_64: { vcpu: 0.04048, gib: 0.004445 }, ARM64: { vcpu: 0.03238, gib: 0.00356 } };

/**
 * Prices of some regions, read from AWS's price pages or from public copies of them in November 2026, not from its price list;
 * us-west-2's ARM64 price is taken to be us-east-1's. An installation elsewhere says its region's by `fargatePrices`.
 * @see https://aws.amazon.com/fargate/pricing/
 */
export const FARGATE_PRICES: Readonly<Record<string, FargatePrices>> = {
  'us-east-1': US,
  'us-west-2': US,
  'ap-southeast-2': { X86_64: { vcpu: 0.04856, gib: 0.00532 }, ARM64: { vcpu: 0.03885, gib: 0.00426 } },
  'sa-east-1': { X86_64: { vcpu: 0.0696, gib: 0.0076 }, ARM64: { vcpu: 0.0557, gib: 0.00612 } },
};

/** Prices, and whose they are. */
export interface RegionPrices {
  prices: FargatePrices;
  /** Region whose prices these are: another than the task's where its own are not known. */
  priceRegion: string;
}

/**
 * The prices of a region: those that an installation says itself, else those of the table, else us-east-1's.
 * @param own of the region, where the installation says them
 */
export function fargatePricesOf(region: string, own?: FargatePrices): RegionPrices {
  const prices = own ?? FARGATE_PRICES[region];
  return prices ? { prices, priceRegion: region } : { prices: US, priceRegion: REFERENCE_REGION };
}

/** Spot's price varies; AWS says "up to 70 %" off, this is the usual discount. */
const SPOT_FACTOR = 0.3;
const MINIMUM_BILLED_SECONDS = 60;
const GIB = 1024;
/** A public IPv4 address, for an hour, in every region. @see https://aws.amazon.com/vpc/pricing/ */
export const IPV4_HOUR_USD = 0.005;

export interface FargateUsage extends FargateSize {
  architecture: Architecture;
  capacityProvider: CapacityProvider;
  /** Seconds from the start of the image pull to the task's end. */
  seconds: number;
  prices: FargatePrices;
  /** Whether the task has a public IPv4 address (`network.assignPublicIp`), which costs the same on Spot. */
  hasPublicIp: boolean;
}

/** Estimated price of a task in USD: vCPUs, memory and address, a minute at least; no storage above the 20 GiB that are included. */
export function estimateCostUsd(usage: FargateUsage): number {
  const price = usage.prices[usage.architecture];
  const hours = Math.max(usage.seconds, MINIMUM_BILLED_SECONDS) / 3600;
  const onDemand = hours * ((usage.cpu / 1024) * price.vcpu + (usage.memory / GIB) * price.gib);
  const task = usage.capacityProvider === 'FARGATE_SPOT' ? onDemand * SPOT_FACTOR : onDemand;
  return task + (usage.hasPublicIp ? hours * IPV4_HOUR_USD : 0);
}
