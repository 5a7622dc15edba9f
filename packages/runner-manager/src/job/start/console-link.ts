import { logStreamOf } from '../../task/container-log.ts';

/** Host of the AWS console for a region's partition. */
function consoleHost(region: string): string {
  if (region.startsWith('cn-')) return `${region}.console.amazonaws.cn`;
  if (region.startsWith('us-gov-')) return `${region}.console.amazonaws-us-gov.com`;
  return `${region}.console.aws.amazon.com`;
}

/** Encodes a name as the console does in the fragment of its URL. */
function quoted(name: string): string {
  return encodeURIComponent(encodeURIComponent(name)).replaceAll('%', '$');
}

/** URL of a container's log stream in the CloudWatch console. */
export function containerLogLink(
  region: string,
  logGroup: string,
  taskArn: string,
  container: string,
): string {
  const stream = logStreamOf(taskArn, container);
  return `https://${consoleHost(region)}/cloudwatch/home?region=${region}#logsV2:log-groups/log-group/${quoted(logGroup)}/log-events/${quoted(stream)}`;
}
