import type { SSMProvider } from '@aws-lambda-powertools/parameters/ssm';
import { shareCalls, type Timing } from '@serverless-gitlab-runner/aws/calls';
import { parameterNames } from '@serverless-gitlab-runner/fleet';
import { SIGNING_TOKEN_PREFIX, type WebhookSecrets } from './authenticate.ts';
import { createCallBudget } from './call-budget.ts';
import { isPaused, type Reading, readUnlessKnown } from './stale-reading.ts';

/** A stranger's wrong secrets make SSM be asked at most that often a fleet. */
const REREAD_AFTER_MS = 2000;
/** And over all fleets: each warm Lambda asks every two seconds at most, of the 40 calls a second that an account has. */
const REREADS = { most: 3, refillMs: 2000 };

/** Reads the webhook secrets of fleets. */
export interface FleetSecrets {
  /**
   * The fleet's secrets, at most a minute old, or ten while SSM throttles or fails.
   * @throws what SSM failed with, when there are none that young
   */
  read(fleet: string): Promise<WebhookSecrets>;
  /**
   * The fleet's secrets as they are now, or undefined when they, or too many others, were read again a moment ago.
   * @throws what SSM failed with
   */
  readAgain(fleet: string): Promise<WebhookSecrets | undefined>;
}

/** A secret that cannot be one: it is left out. */
export type WarnOfSecret = (parameterName: string, problem: string) => void;

/**
 * @param provider of its own: its cache is cleared here
 */
export function createFleetSecrets(
  provider: SSMProvider,
  prefix: string,
  timing: Timing,
  warn: WarnOfSecret,
): FleetSecrets {
  // Only fleets that exist are asked for, so this grows no larger than there are fleets.
  const held = new Map<string, Reading<WebhookSecrets>>();
  // Apart from when they were read in the ordinary way: a secret rotated right after that must hold at once too.
  const readAgainAt = new Map<string, number>();

  const budget = createCallBudget(REREADS, timing.now);
  let failedAt = Number.NEGATIVE_INFINITY;

  const fetch = shareCalls(async (fleet) => {
    // Powertools holds what it found but asks for what is missing (a previous secret mostly is) every time: a set is held here.
    provider.clearCache();
    const readAt = timing.now();
    try {
      const value = await fetchSecrets(provider, prefix, fleet, warn);
      held.set(fleet, { value, readAt });
      return value;
    } catch (error) {
      failedAt = timing.now();
      throw error;
    }
  });

  return {
    read: (fleet) => readUnlessKnown(held.get(fleet), failedAt, timing.now, () => fetch(fleet)),
    async readAgain(fleet) {
      const now = timing.now();
      if (now - (readAgainAt.get(fleet) ?? Number.NEGATIVE_INFINITY) < REREAD_AFTER_MS) return undefined;
      if (isPaused(failedAt, now) || !budget.spend()) return undefined;
      readAgainAt.set(fleet, now);
      return fetch(fleet);
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
  const wanted = Object.fromEntries([...tokenNames, ...signingTokenNames].map((name) => [name, {}]));
  const values = await provider.getParametersByName<string>(wanted, {
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
      warn(parameterName, `it is no signing token: GitLab's begin with ${SIGNING_TOKEN_PREFIX}`);
      return false;
    }),
  );
  return { tokens: tokenNames.flatMap(found), signingTokens };
}
