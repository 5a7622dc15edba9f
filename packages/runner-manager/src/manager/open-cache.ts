import type { STSClient } from '@aws-sdk/client-sts';
import type { FleetConfig } from '@serverless-gitlab-runner/fleet';
import type { Logger } from '../logger.ts';
import { createCacheRole, type RunnerCache, runnerCache } from './cache-role.ts';
import { serveCredentials } from './serve-credentials.ts';

/** What the runner gets for the jobs' cache; of a fleet without one nothing. */
export interface OpenCache {
  cache: RunnerCache | undefined;
  /** How the runner comes to the cache's role, and to no other. */
  environment: Readonly<Record<string, string>>;
  close(): void;
}

/** Serves the runner what it signs the cache's URLs with, for a fleet that has a cache. */
export async function openCache(
  fleet: FleetConfig,
  sts: STSClient,
  endpoint: string | undefined,
  logger: Logger,
): Promise<OpenCache> {
  const cache = runnerCache(fleet, await sts.config.region(), endpoint);
  if (cache === undefined) return { cache, environment: {}, close: () => undefined };
  const served = await serveCredentials(createCacheRole(sts, cache), logger);
  return { ...served, cache };
}
