import { paginateGetParametersByPath, type SSMClient } from '@aws-sdk/client-ssm';
import { fleetSettingsPath, installationSettingsName, settingsPath } from '@serverless-gitlab-runner/fleet';
import * as z from 'zod';

const recordSchema = z.record(z.string(), z.unknown());
const fleetSchema = z.looseObject({ name: z.string() });

/** A fleet's settings as written: see `packages/fleet`. They were validated at deployment, and are again at the next one. */
export type FleetSettings = z.infer<typeof fleetSchema>;

/** The settings of the last deployment, as written. */
export interface DeployedSettings {
  /** Those of the installation: see "Context" of `packages/infra`. */
  installation: Readonly<Record<string, unknown>>;
  /** Sorted by name. */
  fleets: readonly FleetSettings[];
}

/**
 * Reads the settings that the last deployment left in Parameter Store; undefined if there are none, since it was one of an older
 * version, or of a construct in somebody's own stack.
 */
export async function readDeployedSettings(
  client: SSMClient,
  parameterPrefix: string,
): Promise<DeployedSettings | undefined> {
  const values = new Map<string, unknown>();
  const query = { Path: settingsPath(parameterPrefix), Recursive: true };
  for await (const { Parameters = [] } of paginateGetParametersByPath({ client }, query))
    for (const { Name = '', Value = '' } of Parameters) values.set(Name, JSON.parse(Value));
  const installation = recordSchema.safeParse(values.get(installationSettingsName(parameterPrefix))).data;
  if (installation === undefined) return undefined;
  const fleets = [...values]
    .filter(([name]) => name.startsWith(fleetSettingsPath(parameterPrefix)))
    .map(([, value]) => fleetSchema.parse(value))
    .sort((one, other) => one.name.localeCompare(other.name));
  return { installation, fleets };
}
