import { join } from 'node:path';
import type { Emulator } from '@serverless-gitlab-runner/aws-emulator';
import { NODE_BINARY, REPOSITORY_ROOT, tryCommand } from '@serverless-gitlab-runner/machine';

const SOURCE = join(REPOSITORY_ROOT, 'packages/cli/src/sgr.ts');

/** Runs `sgr` as an operator does for whom the emulator is AWS, without a terminal. @param program default: of this tree */
export function runSgr(
  { endpoint }: Pick<Emulator, 'endpoint'>,
  args: readonly string[],
  env: Record<string, string> = {},
  program: string = SOURCE,
) {
  return tryCommand(NODE_BINARY, [program, ...args], {
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
