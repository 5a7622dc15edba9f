import type { SSMProvider } from '@aws-lambda-powertools/parameters/ssm';
import { createTimedCache, failureKind, failureName, shareCalls } from '@serverless-gitlab-runner/aws/calls';
import { parameterNames } from '@serverless-gitlab-runner/fleet';

/** Milliseconds for which a token is cached. A replaced token is used for at most this long. */
const MAX_AGE_MS = 300_000;

export type ApiTokenReading =
  | { token: string }
  /** `isTransient`: a later attempt may succeed. */
  | { missing: string; isTransient: boolean };

/** The fleets' tokens for GitLab's API, cached in memory only. */
export interface ApiTokens {
  read(fleet: string): Promise<ApiTokenReading>;
  /** Drops a token that GitLab refused, so that the next batch reads it again. */
  forget(fleet: string): void;
}

/** @param now milliseconds since 1970 */
export function createApiTokens(provider: SSMProvider, prefix: string, now: () => number): ApiTokens {
  const cached = createTimedCache<ApiTokenReading>({ now, maxAgeMs: MAX_AGE_MS });
  const read = shareCalls(async (fleet): Promise<ApiTokenReading> => {
    const name = parameterNames(prefix, fleet).apiToken;
    try {
      const token = (await provider.get(name, { decrypt: true, forceFetch: true }))?.trim() ?? '';
      if (token === '') return { missing: `${name} is empty`, isTransient: false };
      cached.set(fleet, { token });
      return { token };
    } catch (error) {
      const kind = failureKind(error);
      const isTransient = kind === 'throttled' || kind === 'transient';
      return { missing: `${name}: ${failureName(error)}`, isTransient };
    }
  });
  return {
    read: async (fleet) => cached.get(fleet) ?? read(fleet),
    forget: (fleet) => cached.delete(fleet),
  };
}
