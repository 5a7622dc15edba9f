import { DeleteParametersCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { createHourlyCheck } from './hourly-check.ts';

/** Runner tokens from webhooks. */
export interface RunnerTokens {
  /** Whether a check is due: once an hour. */
  isDue(): boolean;
  /**
   * @param names at most `NAMES_PER_CALL`
   * @returns the names of those that still existed
   */
  remove(names: readonly string[]): Promise<string[]>;
}

/** DeleteParameters takes at most 10 names a call. */
export const NAMES_PER_CALL = 10;

/** @param now milliseconds since 1970 */
export function createRunnerTokens(client: SSMClient, now: () => number): RunnerTokens {
  return {
    isDue: createHourlyCheck(now),
    async remove(names) {
      const { DeletedParameters = [] } = await client.send(
        new DeleteParametersCommand({ Names: [...names] }),
      );
      return DeletedParameters;
    },
  };
}
