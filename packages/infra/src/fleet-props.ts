import { fleetConfigSchema, InvalidFleetConfigError } from '@serverless-gitlab-runner/fleet';
import * as z from 'zod';

const cacheSchema = fleetConfigSchema.shape.cache
  .unwrap()
  .partial({ bucket: true, roleArn: true })
  .refine(({ bucket, roleArn }) => (bucket === undefined) === (roleArn === undefined), {
    message: 'a bucket of its own needs a role of its own (roleArn), and a role a bucket',
  });

const fleetPropsSchema = fleetConfigSchema.omit({ version: true }).extend({
  /** Default: the installation's subnets and security groups. */
  network: fleetConfigSchema.shape.network.optional(),
  /** Default: the installation's cache, if it has one; `false`: none. */
  cache: z.union([z.literal(false), cacheSchema]).optional(),
});

/** A fleet as people write it; what has a default may be left out, and the installation fills in network and cache. */
export type FleetProps = z.input<typeof fleetPropsSchema>;

/** Schema of a fleet as given: checked by `parseFleet`, and left as it is. */
export const givenFleetSchema = z.custom<FleetProps>((value) => parseFleet(value) !== undefined);

/**
 * Refuses at synthesis what the services would refuse later, and names that they would silently not know.
 * @returns the fleet with every default filled in
 * @throws {InvalidFleetConfigError} naming the fleet and the field.
 */
export function parseFleet(value: unknown): z.output<typeof fleetPropsSchema> {
  const parsed = fleetPropsSchema.safeParse(value);
  if (!parsed.success)
    throw new InvalidFleetConfigError(`${nameOf(value)}: ${z.prettifyError(parsed.error)}`);
  const [unknown] = unknownKeys(value, parsed.data);
  if (unknown !== undefined)
    throw new InvalidFleetConfigError(`${nameOf(value)}: "${unknown}" is no setting of a fleet`);
  return parsed.data;
}

function nameOf(value: unknown): string {
  return isObject(value) && typeof value.name === 'string' ? `fleet "${value.name}"` : 'a fleet';
}

/** Paths of what the schema dropped: zod's `strict()` would look at the outermost object only. */
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
