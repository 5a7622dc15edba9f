/** Account and region of the emulator, and thus of recordings. */
export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';

/** ARN of a resource in this account and region. */
export function arnOf(service: string, resource: string): string {
  // Bucket names are globally unique, so their ARNs contain neither region nor account.
  if (service === 's3') return `arn:aws:s3:::${resource}`;
  const region = service === 'iam' ? '' : REGION;
  return `arn:aws:${service}:${region}:${ACCOUNT}:${resource}`;
}

/** Returns an ARN unchanged, and converts a name to the ARN of a resource of that kind. */
export function asArn(value: string, service: string, kind: string): string {
  return value.startsWith('arn:') ? value : arnOf(service, `${kind}${value}`);
}

/** The part after the last slash or colon. */
export function nameIn(value: string): string {
  return value.slice(Math.max(value.lastIndexOf('/'), value.lastIndexOf(':')) + 1);
}
