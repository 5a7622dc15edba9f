import * as z from 'zod';
import type { CacheS3Config } from '../config.ts';

/** Credentials to sign S3 requests with. */
export type Credentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
};

const answerSchema = z.object({
  AccessKeyId: z.string(),
  SecretAccessKey: z.string(),
  Token: z.string().optional(),
});

/** Host of the ECS credentials endpoint. ECS passes the path in the container's environment. */
const ECS_HOST = 'http://169.254.170.2';

/**
 * Returns the access key of the configuration or the credentials of the container credentials endpoint: of the real runner's
 * sources, those available to a Fargate task.
 * @throws Error with a message for the runner's log
 */
export async function readCredentials(
  s3: CacheS3Config,
  environment: Readonly<Record<string, string>>,
): Promise<Credentials> {
  if (authenticationType(s3) === 'access-key') {
    return {
      accessKeyId: s3.AccessKey,
      secretAccessKey: s3.SecretKey,
      sessionToken: s3.SessionToken === '' ? undefined : s3.SessionToken,
    };
  }
  const {
    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: relative,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: full,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: authorization,
  } = environment;
  const url = relative ? `${ECS_HOST}${relative}` : full;
  if (url === undefined) throw new Error('no credentials: the environment contains no credentials endpoint');
  const response = await fetch(url, authorization === undefined ? {} : { headers: { authorization } });
  if (!response.ok) throw new Error(`no credentials: ${response.status} ${response.statusText}`);
  const { AccessKeyId, SecretAccessKey, Token } = answerSchema.parse(await response.json());
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token };
}

/** As in the real runner: without a type, the key is used if server and key are configured. */
function authenticationType(s3: CacheS3Config): 'iam' | 'access-key' {
  if (s3.AuthenticationType !== '') return s3.AuthenticationType;
  const hasKey = s3.ServerAddress !== '' && s3.AccessKey !== '' && s3.SecretKey !== '';
  return hasKey ? 'access-key' : 'iam';
}
