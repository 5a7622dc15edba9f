import { logStreamOf } from '../../task/container-log.ts';

/** AWS's consoles by partition. */
function consoleHost(region: string): string {
  if (region.startsWith('cn-')) return `${region}.console.amazonaws.cn`;
  if (region.startsWith('us-gov-')) return `${region}.console.amazonaws-us-gov.com`;
  return `${region}.console.aws.amazon.com`;
}

/** The console's way of quoting a name within the fragment of its address. */
function quoted(name: string): string {
  return encodeURIComponent(encodeURIComponent(name)).replaceAll('%', '$');
}

/** Address of a container's log stream in the CloudWatch console. */
export function containerLogLink(
  region: string,
  logGroup: string,
  taskArn: string,
  container: string,
): string {
  const stream = logStreamOf(taskArn, container);
  return `https://${consoleHost(region)}/cloudwatch/home?region=${region}#logsV2:log-groups/log-group/${quoted(logGroup)}/log-events/${quoted(stream)}`;
}
