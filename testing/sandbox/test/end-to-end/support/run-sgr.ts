import { join } from 'node:path';
import type { Emulator } from '@serverless-gitlab-runner/aws-emulator';
import { NODE_BINARY, REPOSITORY_ROOT, tryCommand } from '@serverless-gitlab-runner/machine';

/** Runs `sgr` as an operator does for whom the emulator is AWS, without a terminal. */
export function runSgr(
  { endpoint }: Pick<Emulator, 'endpoint'>,
  args: readonly string[],
  env: Record<string, string> = {},
) {
  return tryCommand(NODE_BINARY, [join(REPOSITORY_ROOT, 'packages/cli/src/sgr.ts'), ...args], {
    env: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'operator',
      AWS_SECRET_ACCESS_KEY: 'test',
      ...env,
    },
  });
}
