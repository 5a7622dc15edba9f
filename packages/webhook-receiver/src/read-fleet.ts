import type { SSMProvider } from '@aws-lambda-powertools/parameters/ssm';
import {
  InvalidFleetConfigError,
  type ParameterNames,
  parameterNames,
  parseWebhookSettings,
  type WebhookSettings,
} from '@serverless-gitlab-runner/fleet';
import { SIGNING_TOKEN_PREFIX, type WebhookSecrets } from './authenticate.ts';

/** What a webhook needs of its fleet. */
export interface ReceivingFleet {
  settings: WebhookSettings;
  secrets: WebhookSecrets;
}

export type FleetLookup =
  | ({ kind: 'found' } & ReceivingFleet)
  | { kind: 'unknown' }
  | { kind: 'unreadable'; message: string };

/** Reports a secret that is ignored because it is malformed. */
export type WarnOfSecret = (parameterName: string, problem: string) => void;

/**
 * Reads a fleet's document and its webhook's secrets in one call.
 * @throws SSM's error
 */
export async function readFleet(
  provider: SSMProvider,
  prefix: string,
  fleet: string,
  warn: WarnOfSecret,
): Promise<FleetLookup> {
  const names = parameterNames(prefix, fleet);
  const requested = [
    names.config,
    names.webhookSecret,
    names.previousWebhookSecret,
    names.signingToken,
    names.previousSigningToken,
  ];
  // Powertools caches existing parameters, but requests missing ones every time, and previous secrets are usually missing. So the
  // whole set is cached here instead.
  provider.clearCache();
  const values = await provider.getParametersByName<string>(
    Object.fromEntries(requested.map((name) => [name, {}])),
    { decrypt: true, throwOnError: false },
  );
  const document = values[names.config];
  if (typeof document !== 'string') return { kind: 'unknown' };
  try {
    const settings = parseWebhookSettings(names.config, document);
    return { kind: 'found', settings, secrets: secretsOf(names, values, warn) };
  } catch (error) {
    if (error instanceof InvalidFleetConfigError) return { kind: 'unreadable', message: error.message };
    throw error;
  }
}

function secretsOf(
  names: ParameterNames,
  values: Readonly<Record<string, unknown>>,
  warn: WarnOfSecret,
): WebhookSecrets {
  const found = (parameterName: string) => {
    const value = values[parameterName];
    return typeof value === 'string' && value !== '' ? [value] : [];
  };
  const signingTokens = [names.signingToken, names.previousSigningToken].flatMap((parameterName) =>
    found(parameterName).filter((value) => {
      const usable = Buffer.from(value.slice(SIGNING_TOKEN_PREFIX.length), 'base64').length > 0;
      if (value.startsWith(SIGNING_TOKEN_PREFIX) && usable) return true;
      warn(parameterName, `not a signing token: GitLab's start with ${SIGNING_TOKEN_PREFIX}`);
      return false;
    }),
  );
  return {
    tokens: [names.webhookSecret, names.previousWebhookSecret].flatMap(found),
    signingTokens,
    previous: [names.previousWebhookSecret, names.previousSigningToken].flatMap(found),
  };
}
