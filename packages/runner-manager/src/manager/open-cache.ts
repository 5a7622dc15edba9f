import type { Logger } from '@aws-lambda-powertools/logger';
import type { STSClient } from '@aws-sdk/client-sts';
import type { FleetConfig } from '@serverless-gitlab-runner/fleet';
import { createCacheRole, type RunnerCache, runnerCache } from './cache-role.ts';
import { serveCredentials } from './serve-credentials.ts';

/** The runner's access to the jobs' cache. */
export interface OpenCache {
  /** Undefined if the fleet has no cache. */
  cache: RunnerCache | undefined;
  /** Gives the runner access to the cache's role, and to no other. */
  environment: Readonly<Record<string, string>>;
  close(): void;
}

/** Serves the credentials with which the runner signs the cache's URLs, if the fleet has a cache. */
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
