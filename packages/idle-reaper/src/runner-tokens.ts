import { DeleteParametersCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { onceAnHour } from './once-an-hour.ts';

/** The runner tokens that webhooks brought. */
export interface RunnerTokens {
  /** Whether it is time to judge them: once an hour. */
  isDue(): boolean;
  /**
   * @param names at most `NAMES_PER_CALL`
   * @returns the names of those that were still there
   */
  remove(names: readonly string[]): Promise<string[]>;
}

/** DeleteParameters takes at most 10 names a call. */
export const NAMES_PER_CALL = 10;

/** @param now milliseconds since 1970 */
export function runnerTokensOf(client: SSMClient, now: () => number): RunnerTokens {
  return {
    isDue: onceAnHour(now),
    async remove(names) {
      const { DeletedParameters = [] } = await client.send(
        new DeleteParametersCommand({ Names: [...names] }),
      );
      return DeletedParameters;
    },
  };
}
