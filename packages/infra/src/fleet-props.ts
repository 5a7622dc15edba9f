import { fleetConfigSchema, InvalidFleetConfigError } from '@serverless-gitlab-runner/fleet';
import * as z from 'zod';

const cacheSchema = fleetConfigSchema.shape.cache
  .unwrap()
  .partial({ bucket: true, roleArn: true })
  .refine(({ bucket, roleArn }) => (bucket === undefined) === (roleArn === undefined), {
    message: 'bucket and roleArn must be set together',
  });

const fleetPropsSchema = fleetConfigSchema.omit({ version: true }).extend({
  /** Default: the installation's subnets and security groups. */
  network: fleetConfigSchema.shape.network.optional(),
  /** Default: the installation's cache, if it has one; `false`: none. */
  cache: z.union([z.literal(false), cacheSchema]).optional(),
});

/** A fleet as users write it. Values with a default may be omitted; the installation fills in network and cache. */
export type FleetProps = z.input<typeof fleetPropsSchema>;

/** Schema of a fleet as written: validated by `parseFleet`, but unchanged. */
export const fleetInputSchema = z.custom<FleetProps>((value) => parseFleet(value) !== undefined);

/**
 * Rejects, at synthesis, values that the services would reject later, and unknown settings that they would silently ignore.
 * @returns the fleet with every default filled in
 * @throws {InvalidFleetConfigError} naming the fleet and the field.
 */
export function parseFleet(value: unknown): z.output<typeof fleetPropsSchema> {
  const parsed = fleetPropsSchema.safeParse(value);
  if (!parsed.success)
    throw new InvalidFleetConfigError(`${nameOf(value)}: ${z.prettifyError(parsed.error)}`);
  const [unknown] = unknownKeys(value, parsed.data);
  if (unknown !== undefined)
    throw new InvalidFleetConfigError(`${nameOf(value)}: unknown setting "${unknown}"`);
  return parsed.data;
}

function nameOf(value: unknown): string {
  return isObject(value) && typeof value.name === 'string' ? `fleet "${value.name}"` : 'a fleet';
}

/** Paths of keys that the schema dropped: zod's `strict()` would check only the outermost object. */
function unknownKeys(given: unknown, known: unknown, path = ''): string[] {
  if (!isObject(given) || !isObject(known)) return [];
  return Object.entries(given).flatMap(([key, value]) => {
    const here = path === '' ? key : `${path}.${key}`;
    if (value === undefined) return [];
    return Object.hasOwn(known, key) ? unknownKeys(value, known[key], here) : [here];
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
