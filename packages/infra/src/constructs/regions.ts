import { Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/**
 * Regions without Lambda function URLs, from the Lambda guide on 2026-11-28. cfn-lint's list lacks cn-north-1 and eu-south-2; a
 * test fails if cfn-lint lists a region that is missing here.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html
 */
export const REGIONS_WITHOUT_FUNCTION_URLS: readonly string[] = [
  'ap-east-2',
  'ap-south-2',
  'ap-southeast-4',
  'ap-southeast-5',
  'ap-southeast-6',
  'ap-southeast-7',
  'ca-west-1',
  'cn-north-1',
  'cn-northwest-1',
  'eu-central-2',
  'eu-south-2',
  'il-central-1',
  'me-central-1',
  'mx-central-1',
  'us-gov-east-1',
  'us-gov-west-1',
];

/** Regions whose CloudFormation has no `AWS::Budgets::Budget`, from cfn-lint on 2026-11-28; a test fails if it lists more. */
export const REGIONS_WITHOUT_BUDGETS: readonly string[] = [
  'af-south-1',
  'ap-east-1',
  'ap-east-2',
  'ap-northeast-3',
  'ap-south-2',
  'ap-southeast-3',
  'ap-southeast-4',
  'ap-southeast-5',
  'ap-southeast-6',
  'ap-southeast-7',
  'ca-west-1',
  'eu-central-2',
  'eu-north-1',
  'eu-south-1',
  'eu-south-2',
  'il-central-1',
  'me-central-1',
  'mx-central-1',
  'us-gov-east-1',
  'us-gov-west-1',
];

/**
 * The region that a stack is deployed to. A stack without a region is deployed to the CLI's, which CDK passes to its app in
 * `CDK_DEFAULT_REGION`. Undefined if that is not set.
 */
export function knownRegion(scope: Construct): string | undefined {
  const { region } = Stack.of(scope);
  return Token.isUnresolved(region) ? process.env.CDK_DEFAULT_REGION : region;
}
