import type { SSMProvider } from '@aws-lambda-powertools/parameters/ssm';
import { failureKind, failureName, shareCalls } from '@serverless-gitlab-runner/aws/calls';
import { parameterNames } from '@serverless-gitlab-runner/fleet';

/** Milliseconds for which a token is cached. A replaced token is used for at most this long. */
const MAX_AGE_MS = 300_000;

export type ApiTokenReading =
  | { token: string }
  /** `isPassing`: a later attempt may succeed. */
  | { missing: string; isPassing: boolean };

/** The fleets' tokens for GitLab's API, cached in memory only. */
export interface ApiTokens {
  read(fleet: string): Promise<ApiTokenReading>;
  /** Drops a token that GitLab refused, so that the next batch reads it again. */
  forget(fleet: string): void;
}

/** @param now milliseconds since 1970 */
export function createApiTokens(provider: SSMProvider, prefix: string, now: () => number): ApiTokens {
  const held = new Map<string, { token: string; readAt: number }>();
  const read = shareCalls(async (fleet): Promise<ApiTokenReading> => {
    const name = parameterNames(prefix, fleet).apiToken;
    try {
      const token = (await provider.get(name, { decrypt: true, forceFetch: true }))?.trim() ?? '';
      if (token === '') return { missing: `${name} is empty`, isPassing: false };
      held.set(fleet, { token, readAt: now() });
      return { token };
    } catch (error) {
      const kind = failureKind(error);
      const isPassing = kind === 'throttled' || kind === 'transient';
      return { missing: `${name}: ${failureName(error)}`, isPassing };
    }
  });
  return {
    async read(fleet) {
      const known = held.get(fleet);
      return known && now() - known.readAt < MAX_AGE_MS ? { token: known.token } : read(fleet);
    },
    forget(fleet) {
      held.delete(fleet);
    },
  };
}
