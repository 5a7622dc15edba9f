import type { SSMProvider } from '@aws-lambda-powertools/parameters/ssm';
import type { Timing } from '@serverless-gitlab-runner/aws-calls';
import { parameterNames } from '@serverless-gitlab-runner/fleet';
import { SIGNING_TOKEN_PREFIX, type WebhookSecrets } from './authenticate.ts';

/** Seconds for which a fleet's secrets are held. */
export const SECRETS_MAX_AGE_SECONDS = 60;
/** A stranger's wrong secrets make SSM be asked at most that often a fleet. */
const REREAD_AFTER_MS = 2000;

/** Reads the webhook secrets of fleets. */
export interface FleetSecrets {
  /** The fleet's secrets, at most a minute old. */
  read(fleet: string): Promise<WebhookSecrets>;
  /** The fleet's secrets as they are now, or undefined when they were read again a moment ago. */
  readAgain(fleet: string): Promise<WebhookSecrets | undefined>;
}

interface Held {
  secrets: WebhookSecrets;
  readAt: number;
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
  const held = new Map<string, Held>();
  // Apart from when they were read in the ordinary way: a secret rotated right after that must hold at once too.
  const readAgainAt = new Map<string, number>();

  async function fetch(fleet: string): Promise<WebhookSecrets> {
    // Powertools holds what it found but asks for what is missing (a previous secret mostly is) every time: a set is held here.
    provider.clearCache();
    const readAt = timing.now();
    const secrets = await fetchSecrets(provider, prefix, fleet, warn);
    held.set(fleet, { secrets, readAt });
    return secrets;
  }

  return {
    async read(fleet) {
      const known = held.get(fleet);
      if (known && timing.now() - known.readAt < SECRETS_MAX_AGE_SECONDS * 1000) return known.secrets;
      return fetch(fleet);
    },
    async readAgain(fleet) {
      const now = timing.now();
      if (now - (readAgainAt.get(fleet) ?? Number.NEGATIVE_INFINITY) < REREAD_AFTER_MS) return undefined;
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
    maxAge: SECRETS_MAX_AGE_SECONDS,
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
