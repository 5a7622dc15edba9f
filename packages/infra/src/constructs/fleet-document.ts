import { InvalidFleetConfigError } from '@serverless-gitlab-runner/fleet';
import { CfnElement, CfnResource, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/**
 * Maximum characters of a parameter's value, by tier.
 * @see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
 */
const MAX_CHARACTERS = { standard: 4096, advanced: 8192 } as const;

/** Maximum characters of CloudFormation's value for a reference to a resource of these types; any other is the ARN of a role. */
const REFERENCE_CHARACTERS: Readonly<Record<string, number>> = {
  'AWS::EC2::Subnet': 'subnet-'.length + 17,
  'AWS::EC2::SecurityGroup': 'sg-'.length + 17,
  'AWS::S3::Bucket': 63,
};
const MAX_REFERENCE_CHARACTERS = 'arn:aws-us-gov:iam::123456789012:role/'.length + 64;

export interface FleetDocument {
  readonly document: Readonly<Record<string, unknown>>;
  /** The document, as CDK's `toJsonString` writes it. */
  readonly json: string;
  /** Whether a document that is too long for a standard parameter may be an advanced one, which is not free. */
  readonly isAdvancedAllowed: boolean;
}

/**
 * The SSM tier that a fleet's document needs.
 * @throws {InvalidFleetConfigError} if the document is too long; the message names its longest settings and the solution
 */
export function documentTier(
  scope: Construct,
  fleet: string,
  { document, json, isAdvancedAllowed }: FleetDocument,
): keyof typeof MAX_CHARACTERS {
  const length = lengthOf(scope, json);
  if (length <= MAX_CHARACTERS.standard) return 'standard';
  if (isAdvancedAllowed && length <= MAX_CHARACTERS.advanced) return 'advanced';
  const max = MAX_CHARACTERS[isAdvancedAllowed ? 'advanced' : 'standard'];
  const solution = isAdvancedAllowed
    ? 'split it into two fleets'
    : 'or allow an advanced parameter, at $0.05 a month and $0.05 for 10,000 reads (context or prop "advancedFleetDocuments": true)';
  throw new InvalidFleetConfigError(
    `fleet "${fleet}": its document has ${length} characters, and SSM allows ${max}. Shorten ${longestOf(document)}; ${solution}`,
  );
}

/** Characters of a text once every reference in it is replaced by its value. */
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
  return REFERENCE_CHARACTERS[types.get(String(id)) ?? ''] ?? MAX_REFERENCE_CHARACTERS;
}

/** The two longest settings, by their paths: `gitlabApi.projects (1900)`. */
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
