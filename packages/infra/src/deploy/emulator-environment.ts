/**
 * Environment variables that make the CDK CLI use an AWS emulator. It accepts any credentials; the user's own must not reach it,
 * and no proxy is used.
 */
export function emulatorEnvironment(endpoint: string, region = 'us-east-1'): NodeJS.ProcessEnv {
  const withoutProxy = [new URL(endpoint).hostname, process.env.NO_PROXY ?? process.env.no_proxy]
    .filter(Boolean)
    .join(',');
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_SESSION_TOKEN: undefined,
    AWS_PROFILE: undefined,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    NO_PROXY: withoutProxy,
    no_proxy: withoutProxy,
  };
}
