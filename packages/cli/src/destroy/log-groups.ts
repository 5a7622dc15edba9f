import {
  type CloudWatchLogsClient,
  DeleteLogGroupCommand,
  paginateDescribeLogGroups,
} from '@aws-sdk/client-cloudwatch-logs';
import { type ResourceKind, unlessGone } from './resource-kind.ts';

/** A log group, with the bytes that are billed. */
export interface StoredLog {
  name: string;
  bytes: number;
}

/** Log groups by their names' prefixes: those of the stacks, and those that an earlier version or Lambda itself made. */
export async function listLogGroups(logs: CloudWatchLogsClient, prefix: string): Promise<StoredLog[]> {
  const prefixes = [`${prefix}/`, 'serverless-gitlab-runner-', '/aws/lambda/serverless-gitlab-runner-'];
  const found = new Map<string, number>();
  for (const logGroupNamePrefix of prefixes)
    for await (const page of paginateDescribeLogGroups({ client: logs }, { logGroupNamePrefix }))
      for (const { logGroupName, storedBytes = 0 } of page.logGroups ?? [])
        if (logGroupName) found.set(logGroupName, storedBytes);
  return [...found]
    .map(([name, bytes]) => ({ name, bytes }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

export function logGroups(logs: CloudWatchLogsClient, prefix: string): ResourceKind {
  return {
    what: 'log groups',
    list: async () => (await listLogGroups(logs, prefix)).map(({ name }) => name),
    async remove(names) {
      for (const logGroupName of names)
        await unlessGone(/^ResourceNotFoundException$/, () =>
          logs.send(new DeleteLogGroupCommand({ logGroupName })),
        );
      return [];
    },
  };
}
