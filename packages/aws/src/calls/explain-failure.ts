/**
 * Explains, to somebody at a terminal, a failure that anybody's credentials, region or network may cause, with a solution.
 * Undefined for any other error.
 */
export function explainFailure(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.message.includes('Region is missing'))
    return 'No AWS region is chosen: set AWS_REGION, or set AWS_PROFILE to a profile with a region.';
  switch (error.name) {
    case 'CredentialsProviderError':
      return `No AWS credentials: set AWS_PROFILE, or run \`aws sso login\`. (${error.message})`;
    case 'ExpiredToken':
    case 'ExpiredTokenException':
      return 'The AWS credentials have expired: log in again, for example with `aws sso login`.';
    case 'AccessDenied':
    case 'AccessDeniedException':
      return `AWS denied a call; these credentials lack a permission: ${error.message}`;
    case 'TimeoutError':
      return `AWS did not answer in time: ${error.message}. Check the network and the region, then retry.`;
    default:
      return 'code' in error && String(error.code).startsWith('E')
        ? `AWS cannot be reached (${String(error.code)}): check the network, a proxy and the region.`
        : undefined;
  }
}
