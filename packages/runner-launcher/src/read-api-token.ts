import type { SSMProvider } from '@aws-lambda-powertools/parameters/ssm';
import { createTimedCache, failureKind, failureName, shareCalls } from '@serverless-gitlab-runner/aws/calls';
import { parameterNames } from '@serverless-gitlab-runner/fleet';

/** Milliseconds for which a token is cached. A replaced token is used for at most this long. */
const MAX_AGE_MS = 300_000;

export type ApiTokenReading =
  /** `authorities`: certificates (PEM) by which the fleet's GitLab is trusted, besides public ones. */
  | { token: string; authorities: string | undefined }
  /** `isTransient`: a later attempt may succeed. */
  | { missing: string; isTransient: boolean };

/** The fleets' tokens for GitLab's API, cached in memory only. */
export interface ApiTokens {
  read(fleet: string): Promise<ApiTokenReading>;
  /** Drops a token that GitLab refused, or authorities that it is not reached with, so that the next batch reads them again. */
  forget(fleet: string): void;
}

/** @param now milliseconds since 1970 */
export function createApiTokens(provider: SSMProvider, prefix: string, now: () => number): ApiTokens {
  const cached = createTimedCache<ApiTokenReading>({ now, maxAgeMs: MAX_AGE_MS });
  const read = shareCalls(async (fleet): Promise<ApiTokenReading> => {
    const { apiToken: name, certificateAuthorities } = parameterNames(prefix, fleet);
    try {
      const [stored, authorities] = await Promise.all([
        provider.get(name, { decrypt: true, forceFetch: true }),
        readOptional(provider, certificateAuthorities),
      ]);
      const token = stored?.trim() ?? '';
      if (token === '') return { missing: `${name} is empty`, isTransient: false };
      const reading = { token, authorities };
      cached.set(fleet, reading);
      return reading;
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

/** The value of a String; undefined if the parameter does not exist. */
async function readOptional(provider: SSMProvider, name: string): Promise<string | undefined> {
  try {
    return await provider.get(name, { forceFetch: true });
  } catch (error) {
    if (failureName(error) === 'ParameterNotFound') return undefined;
    throw error;
  }
}
