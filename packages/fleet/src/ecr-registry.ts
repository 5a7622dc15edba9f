/** A private registry of Amazon ECR. */
export interface EcrRegistry {
  /** Twelve digits. */
  account: string;
  region: string;
}

/**
 * Parses a name such as `123456789012.dkr.ecr.eu-west-1.amazonaws.com`. Returns undefined for other registries.
 * @see https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
 */
export function parseEcrRegistry(registry: string): EcrRegistry | undefined {
  const found = /^([0-9]{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.(?:com|com\.cn|eu)$/.exec(
    registry,
  );
  const [, account, region] = found ?? [];
  return account === undefined || region === undefined ? undefined : { account, region };
}
