import {
  type CloudWatchLogsClient,
  DeleteLogGroupCommand,
  paginateDescribeLogGroups,
} from '@aws-sdk/client-cloudwatch-logs';
import { type ResourceKind, unlessGone } from './resource-kind.ts';

/** Log groups by their names' prefixes: those of the stacks, and those that an earlier version or Lambda itself made. */
export function logGroups(logs: CloudWatchLogsClient, prefix: string): ResourceKind {
  const prefixes = [`${prefix}/`, 'serverless-gitlab-runner-', '/aws/lambda/serverless-gitlab-runner-'];
  return {
    what: 'log groups',
    async list() {
      const names = new Set<string>();
      for (const logGroupNamePrefix of prefixes)
        for await (const page of paginateDescribeLogGroups({ client: logs }, { logGroupNamePrefix }))
          for (const { logGroupName } of page.logGroups ?? []) if (logGroupName) names.add(logGroupName);
      return [...names].sort();
    },
    async remove(names) {
      for (const logGroupName of names)
        await unlessGone(/^ResourceNotFoundException$/, () =>
          logs.send(new DeleteLogGroupCommand({ logGroupName })),
        );
      return [];
    },
  };
}
