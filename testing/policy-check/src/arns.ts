/** The emulator's account and region, which recordings are made in. */
export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';

/** ARN of a resource of that account and region. */
export function arnOf(service: string, resource: string): string {
  // A bucket's name is unique in the world, so its ARN has neither region nor account.
  if (service === 's3') return `arn:aws:s3:::${resource}`;
  const region = service === 'iam' ? '' : REGION;
  return `arn:aws:${service}:${region}:${ACCOUNT}:${resource}`;
}

/** An ARN as it is; a name as the resource of that kind. */
export function asArn(value: string, service: string, kind: string): string {
  return value.startsWith('arn:') ? value : arnOf(service, `${kind}${value}`);
}

/** What follows the last slash, or the last colon of an ARN without one. */
export function nameIn(value: string): string {
  return value.slice(Math.max(value.lastIndexOf('/'), value.lastIndexOf(':')) + 1);
}
