import { InvalidFleetConfigError } from '@serverless-gitlab-runner/fleet';
import { CfnElement, CfnResource, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/**
 * Characters that a parameter's value may have, by its tier.
 * @see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
 */
const MOST_CHARACTERS = { standard: 4096, advanced: 8192 } as const;

/** The longest value that CloudFormation puts for a reference to a resource of these types; for any other, an ARN of a role. */
const REFERENCE_CHARACTERS: Readonly<Record<string, number>> = {
  'AWS::EC2::Subnet': 'subnet-'.length + 17,
  'AWS::EC2::SecurityGroup': 'sg-'.length + 17,
  'AWS::S3::Bucket': 63,
};
const LONGEST_REFERENCE = 'arn:aws-us-gov:iam::123456789012:role/'.length + 64;

export interface FleetDocument {
  readonly document: Readonly<Record<string, unknown>>;
  /** The same as CDK's `toJsonString` writes it. */
  readonly json: string;
  /** Whether a document that is too long for a standard parameter may be an advanced one, which costs. */
  readonly isAdvancedAllowed: boolean;
}

/**
 * The tier of SSM that a fleet's document needs.
 * @throws {InvalidFleetConfigError} when the document is too long, with what of it is the longest and the way out
 */
export function documentTier(
  scope: Construct,
  fleet: string,
  { document, json, isAdvancedAllowed }: FleetDocument,
): keyof typeof MOST_CHARACTERS {
  const length = lengthOf(scope, json);
  if (length <= MOST_CHARACTERS.standard) return 'standard';
  if (isAdvancedAllowed && length <= MOST_CHARACTERS.advanced) return 'advanced';
  const most = MOST_CHARACTERS[isAdvancedAllowed ? 'advanced' : 'standard'];
  const wayOut = isAdvancedAllowed
    ? 'make two fleets of it'
    : 'or let it be an advanced parameter, at $0.05 a month and $0.05 for 10,000 reads (context or prop "advancedFleetDocuments": true)';
  throw new InvalidFleetConfigError(
    `fleet "${fleet}": its document has ${length} characters, and SSM takes ${most}. Shorten ${longestOf(document)}; ${wayOut}`,
  );
}

/** Characters of a text when every reference in it has its value. */
function lengthOf(scope: Construct, text: string): number {
  const types = new Map(
    Stack.of(scope)
      .node.findAll()
      .filter(CfnElement.isCfnElement)
      .map((element) => [
        Stack.of(scope).resolve(element.logicalId),
        CfnResource.isCfnResource(element) ? element.cfnResourceType : '',
      ]),
  );
  return charactersOf(Stack.of(scope).resolve(text), types);
}

function charactersOf(value: unknown, types: ReadonlyMap<string, string>): number {
  if (typeof value === 'string') return value.length;
  if (Array.isArray(value)) return value.reduce((sum, part) => sum + charactersOf(part, types), 0);
  if (typeof value !== 'object' || value === null) return String(value).length;
  const [[key, inner] = ['', undefined]] = Object.entries(value);
  if (key === 'Fn::Join' && Array.isArray(inner)) return charactersOf(inner[1], types);
  const id = Array.isArray(inner) ? inner[0] : inner;
  return REFERENCE_CHARACTERS[types.get(String(id)) ?? ''] ?? LONGEST_REFERENCE;
}

/** The longest settings, as people write them: `gitlabApi.projects (1,900 characters)`. */
function longestOf(document: Readonly<Record<string, unknown>>): string {
  const settings = Object.entries(document).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).map(([inner, part]) => [`${name}.${inner}`, part] as const)
      : [[name, value] as const],
  );
  return settings
    .map(([name, value]) => ({ name, characters: JSON.stringify(value ?? '').length }))
    .sort((one, other) => other.characters - one.characters)
    .slice(0, 2)
    .map(({ name, characters }) => `${name} (${characters})`)
    .join(' or ');
}
