import type { SSMProvider } from '@aws-lambda-powertools/parameters/ssm';
import { createTimedCache, shareCalls, type Timing } from '@serverless-gitlab-runner/aws/calls';
import { parameterNames } from '@serverless-gitlab-runner/fleet';
import { SIGNING_TOKEN_PREFIX, type WebhookSecrets } from './authenticate.ts';
import { type CachedValue, isPaused, readThroughCache } from './cached-value.ts';
import { createCallBudget } from './call-budget.ts';

/** Wrong secrets cause at most one read of SSM within this time for each fleet. */
const REREAD_AFTER_MS = 2000;
/** The limit over all fleets: after a burst of 3, one read every two seconds for each warm Lambda. An account has 40 a second. */
const REREADS = { burst: 3, refillMs: 2000 };

/** Reads the webhook secrets of fleets. */
export interface FleetSecrets {
  /**
   * Starts to read the secrets of a fleet that may not exist, once in the life of a Lambda: in a cold one, fleets and secrets
   * are read at the same time. Failures are left to `read`.
   */
  prefetch(fleet: string): void;
  /**
   * The fleet's secrets, at most one minute old, or ten minutes while SSM throttles or fails.
   * @throws SSM's error, if no such secrets are cached
   */
  read(fleet: string): Promise<WebhookSecrets>;
  /**
   * The fleet's secrets as they are now. Undefined if they, or those of too many fleets, were reread within the last two seconds.
   * @throws SSM's error
   */
  readAgain(fleet: string): Promise<WebhookSecrets | undefined>;
}

/** Reports a secret that is ignored because it is malformed. */
export type WarnOfSecret = (parameterName: string, problem: string) => void;

/**
 * @param provider not shared with other readers, since its cache is cleared here
 */
export function createFleetSecrets(
  provider: SSMProvider,
  prefix: string,
  timing: Timing,
  warn: WarnOfSecret,
): FleetSecrets {
  // Only existing fleets are read, and one prefetched name, so the map is bounded by their number.
  const cached = new Map<string, CachedValue<WebhookSecrets>>();
  // Separate from the time of an ordinary read: a secret rotated right after an ordinary read must take effect at once too.
  const readAgainRecently = createTimedCache<true>({ now: timing.now, maxAgeMs: REREAD_AFTER_MS });

  const budget = createCallBudget(REREADS, timing.now);
  let failedAt = Number.NEGATIVE_INFINITY;
  let isCold = true;

  const fetch = shareCalls(async (fleet) => {
    // Powertools caches existing parameters, but requests missing ones every time, and previous secrets are usually missing. So
    // the whole set is cached here instead.
    provider.clearCache();
    const readAt = timing.now();
    const value = await fetchSecrets(provider, prefix, fleet, warn);
    cached.set(fleet, { value, readAt });
    return value;
  });

  /** Only a failure that a webhook waits for pauses further reads. */
  const fetchNow = async (fleet: string) => {
    try {
      return await fetch(fleet);
    } catch (error) {
      failedAt = timing.now();
      throw error;
    }
  };

  return {
    prefetch(fleet) {
      if (isCold) fetch(fleet).catch(() => undefined);
      isCold = false;
    },
    read: (fleet) => readThroughCache(cached.get(fleet), failedAt, timing.now, () => fetchNow(fleet)),
    async readAgain(fleet) {
      if (readAgainRecently.get(fleet)) return undefined;
      if (isPaused(failedAt, timing.now()) || !budget.spend()) return undefined;
      readAgainRecently.set(fleet, true);
      return fetchNow(fleet);
    },
  };
}

async function fetchSecrets(
  provider: SSMProvider,
  prefix: string,
  fleet: string,
  warn: WarnOfSecret,
): Promise<WebhookSecrets> {
  const names = parameterNames(prefix, fleet);
  const tokenNames = [names.webhookSecret, names.previousWebhookSecret];
  const signingTokenNames = [names.signingToken, names.previousSigningToken];
  const requested = Object.fromEntries([...tokenNames, ...signingTokenNames].map((name) => [name, {}]));
  const values = await provider.getParametersByName<string>(requested, {
    decrypt: true,
    throwOnError: false,
  });
  const found = (parameterName: string) => {
    const value = values[parameterName];
    return typeof value === 'string' && value !== '' ? [value] : [];
  };
  const signingTokens = signingTokenNames.flatMap((parameterName) =>
    found(parameterName).filter((value) => {
      const usable = Buffer.from(value.slice(SIGNING_TOKEN_PREFIX.length), 'base64').length > 0;
      if (value.startsWith(SIGNING_TOKEN_PREFIX) && usable) return true;
      warn(parameterName, `not a signing token: GitLab's start with ${SIGNING_TOKEN_PREFIX}`);
      return false;
    }),
  );
  const previous = [names.previousWebhookSecret, names.previousSigningToken].flatMap(found);
  return { tokens: tokenNames.flatMap(found), signingTokens, previous };
}
