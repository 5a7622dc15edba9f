import { AwsV4Signer } from 'aws4fetch';
import type { CacheS3Config } from '../config.ts';
import type { Credentials } from './credentials.ts';

/** SigV4's limit. */
const MAX_SECONDS = 604_800;
const DEFAULT_REGION = 'us-east-1';

export type PresignOptions = {
  readonly method: 'GET' | 'HEAD' | 'PUT';
  readonly object: string;
  /** Validity of the URL. It also ends with the validity of the credentials. */
  readonly seconds: number;
  /** Headers that the request must contain unchanged. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For tests: `20130524T000000Z`. */
  readonly datetime?: string;
};

/** Signs a URL that allows one method on one object. */
export async function presign(
  s3: CacheS3Config,
  credentials: Credentials,
  { method, object, seconds, headers = {}, datetime }: PresignOptions,
): Promise<string> {
  const url = objectUrl(s3, object);
  url.searchParams.set('X-Amz-Expires', String(Math.min(seconds, MAX_SECONDS)));
  const signer = new AwsV4Signer({
    method,
    url: url.toString(),
    headers: { ...headers },
    service: 's3',
    signQuery: true,
    accessKeyId: credentials.accessKeyId,
    secretAccessKey: credentials.secretAccessKey,
    ...(credentials.sessionToken === undefined ? {} : { sessionToken: credentials.sessionToken }),
    region: s3.BucketLocation === '' ? DEFAULT_REGION : s3.BucketLocation,
    ...(datetime === undefined ? {} : { datetime }),
  });
  return (await signer.sign()).url.toString();
}

/** The bucket is part of the host with AWS, and of the path with other servers, unless `PathStyle` is set. */
function objectUrl(s3: CacheS3Config, object: string): URL {
  const region = s3.BucketLocation === '' ? DEFAULT_REGION : s3.BucketLocation;
  const isAws = s3.ServerAddress === '' || s3.ServerAddress === 's3.amazonaws.com';
  const server = isAws ? `s3.dualstack.${region}.amazonaws.com` : s3.ServerAddress;
  const scheme = s3.Insecure && !isAws ? 'http' : 'https';
  const path = object.split('/').map(encodeURIComponent).join('/');
  return (s3.PathStyle ?? !isAws)
    ? new URL(`${scheme}://${server}/${s3.BucketName}/${path}`)
    : new URL(`${scheme}://${s3.BucketName}.${server}/${path}`);
}
