import * as z from 'zod';
import type { Architecture, CapacityProvider, FargateSize } from './fargate-sizes.ts';

/** USD per hour, on demand. */
const hourlySchema = z.object({
  /** USD per vCPU-hour. */
  vcpu: z.number().nonnegative(),
  /** USD per GiB-hour. */
  gib: z.number().nonnegative(),
});

/** On-demand prices of Fargate on Linux, in USD per hour, for a vCPU and a GiB of memory, by architecture. */
export const fargatePricesSchema = z.object({ X86_64: hourlySchema, ARM64: hourlySchema });
export type FargatePrices = z.infer<typeof fargatePricesSchema>;

/** The region whose prices are used for regions that the table lacks. */
const REFERENCE_REGION = 'us-east-1';

const US = { X86_64: { vcpu: 0.04048, gib: 0.004445 }, ARM64: { vcpu: 0.03238, gib: 0.00356 } };

/**
 * Prices of some regions, from AWS's price pages or public copies of them in November 2026, not from AWS's price list. The ARM64
 * price of us-west-2 is assumed to equal us-east-1's. Installations in other regions set theirs with `fargatePrices`.
 * @see https://aws.amazon.com/fargate/pricing/
 */
export const FARGATE_PRICES: Readonly<Record<string, FargatePrices>> = {
  'us-east-1': US,
  'us-west-2': US,
  'ap-southeast-2': { X86_64: { vcpu: 0.04856, gib: 0.00532 }, ARM64: { vcpu: 0.03885, gib: 0.00426 } },
  'sa-east-1': { X86_64: { vcpu: 0.0696, gib: 0.0076 }, ARM64: { vcpu: 0.0557, gib: 0.00612 } },
};

/** Prices, and the region that they belong to. */
export interface RegionPrices {
  prices: FargatePrices;
  /** The region of these prices; not the task's region if the prices of that one are unknown. */
  priceRegion: string;
}

/**
 * The prices of a region: the installation's own if configured, else those of the table, else us-east-1's.
 * @param own the region's prices, if the installation configures them
 */
export function fargatePricesOf(region: string, own?: FargatePrices): RegionPrices {
  const prices = own ?? FARGATE_PRICES[region];
  return prices ? { prices, priceRegion: region } : { prices: US, priceRegion: REFERENCE_REGION };
}

/** Spot prices vary. AWS promises "up to 70 %" off, which is also the usual discount. */
const SPOT_FACTOR = 0.3;
const MINIMUM_BILLED_SECONDS = 60;
const GIB = 1024;
/** USD per hour of a public IPv4 address, in every region. @see https://aws.amazon.com/vpc/pricing/ */
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

/** Estimated cost of a task in USD: vCPUs, memory and address for at least a minute, without storage above the free 20 GiB. */
export function estimateCostUsd(usage: FargateUsage): number {
  const price = usage.prices[usage.architecture];
  const hours = Math.max(usage.seconds, MINIMUM_BILLED_SECONDS) / 3600;
  const onDemand = hours * ((usage.cpu / 1024) * price.vcpu + (usage.memory / GIB) * price.gib);
  const task = usage.capacityProvider === 'FARGATE_SPOT' ? onDemand * SPOT_FACTOR : onDemand;
  return task + (usage.hasPublicIp ? hours * IPV4_HOUR_USD : 0);
}
