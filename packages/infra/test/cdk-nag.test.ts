import { AwsSolutionsChecks } from 'cdk-nag';
import { expect, it } from 'vitest';
import { makeApp } from './support/synthesise.ts';

/** Accepted findings, by a part of their name, and the reason. */
const ACCEPTED: readonly (readonly [string, string])[] = [
  ['ECS4', 'Container Insights is billed by metric, also while nothing runs; `containerInsights` enables it'],
  [
    'VPC7',
    'flow logs are billed by the gigabytes that jobs transfer; users who need them bring their own VPC',
  ],
  ['ECS2', 'the environment contains only names; secrets are read from SSM by name'],
  ['SQS3', 'it is the dead-letter queue of a rule and a schedule, which the check does not recognise'],
  [
    'IAM5[Resource::*]',
    'actions that support no resource (WITHOUT_RESOURCE in least-privilege.test.ts), and one denial',
  ],
  [
    ':parameter/serverless-gitlab-runner/fleets/*/',
    'one name in each fleet, for the Lambdas, which serve all fleets',
  ],
  ['/fleets/default/runner-tokens/*', "runner tokens that the fleet's webhooks send"],
  [':task/', 'every task of the cluster: task ids are not known in advance'],
  [
    ':task-definition/serverless-gitlab-runner-job-default_*',
    'a family for each shape of job, created on demand',
  ],
  [
    ':task-definition/serverless-gitlab-runner-manager-*',
    "every fleet's managers, for the launcher, which starts them",
  ],
  ['/managers/*', "only the roles of every fleet's managers, for the launcher"],
  [
    ':secret:serverless-gitlab-runner/jobs/',
    "a secret for each private login of a job, created on demand; the reaper's statement covers all fleets",
  ],
  [
    'S1',
    "access logs of a cache's bucket would cost more than the cache; CloudTrail's data events are an account setting",
  ],
  ['CacheBucket', 'only the objects of one fleet in the bucket'],
  [
    'IdleReaperServiceFunction',
    'CDK also lets the schedule invoke versions of the function, of which there are none',
  ],
];

it('every finding of the AWS Solutions pack is accepted with a reason, and every reason applies to a finding', () => {
  const app = makeApp({ cache: {} });
  const { violations } = new AwsSolutionsChecks(app).validateScope(app);
  const names = violations.map(({ ruleName }) => ruleName);
  const unaccepted = names.filter((name) => !ACCEPTED.some(([part]) => name.includes(part)));
  const unused = ACCEPTED.filter(([part]) => !names.some((name) => name.includes(part)));
  expect({ unaccepted, unused }).toEqual({ unaccepted: [], unused: [] });
});
