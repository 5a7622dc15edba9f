import { AwsSolutionsChecks } from 'cdk-nag';
import { expect, it } from 'vitest';
import { makeApp } from './support/synthesise.ts';

/** Findings that stay, by a part of their name, and why. */
const ACCEPTED: readonly (readonly [string, string])[] = [
  ['ECS4', 'Container Insights costs by metric also while nothing runs; `containerInsights` turns it on'],
  ['VPC7', 'flow logs cost by gigabyte of what jobs load; whoever needs them brings a VPC of their own'],
  ['ECS2', 'the environment holds names only; secrets are read from SSM by name'],
  ['SQS3', 'it is the dead-letter queue of a rule and a schedule, which the rule does not know as such'],
  [
    'IAM5[Resource::*]',
    'actions without a resource: see WITHOUT_RESOURCE in least-privilege.test.ts; and one denial',
  ],
  [
    ':parameter/serverless-gitlab-runner/fleets/*/',
    'one name in each fleet, for the Lambdas, which serve them all',
  ],
  ['/fleets/default/runner-tokens/*', "runner tokens that the fleet's webhooks bring"],
  [':task/', 'every task of our cluster: their ids are not known before they run'],
  [
    ':task-definition/serverless-gitlab-runner-job-default_*',
    'a family for each shape of job, made as jobs come',
  ],
  [
    ':task-definition/serverless-gitlab-runner-manager-*',
    "every fleet's managers, for the launcher, which starts them all",
  ],
  ['/managers/*', "the roles of every fleet's managers, and no others, for the launcher"],
  [
    ':secret:serverless-gitlab-runner/jobs/',
    "a secret for each private login of a job that starts, made as jobs come; the reaper's of all fleets",
  ],
  [
    'S1',
    "access logs of a cache's bucket would cost more than the cache; CloudTrail's data events are the account's",
  ],
  ['CacheBucket', 'every object of a fleet in the bucket, and no other'],
  ['IdleReaperServiceFunction', 'CDK lets the schedule invoke versions of the function too; there are none'],
];

it('every finding of the AWS Solutions pack is accepted for a reason, and every reason is for a finding', () => {
  const app = makeApp({ cache: {} });
  const { violations } = new AwsSolutionsChecks(app).validateScope(app);
  const names = violations.map(({ ruleName }) => ruleName);
  const unaccepted = names.filter((name) => !ACCEPTED.some(([part]) => name.includes(part)));
  const needless = ACCEPTED.filter(([part]) => !names.some((name) => name.includes(part)));
  expect({ unaccepted, needless }).toEqual({ unaccepted: [], needless: [] });
});
