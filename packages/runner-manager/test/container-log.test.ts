import {
  CloudWatchLogsClient,
  GetLogEventsCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { containerLogLink } from '../src/job/start/console-link.ts';
import { createLogger } from '../src/logger.ts';
import { createContainerLog } from '../src/task/container-log.ts';

const TASK = 'arn:aws:ecs:eu-west-1:123456789012:task/ci/0123456789abcdef';
const logs = mockClient(CloudWatchLogsClient);
const lines: string[] = [];
const read = (logGroup: string | undefined) =>
  createContainerLog(
    new CloudWatchLogsClient({ region: 'eu-west-1' }),
    logGroup,
    createLogger('INFO', (line) => lines.push(line)),
    1,
  )(TASK, 'svc-0');

beforeEach(() => {
  logs.reset();
  lines.length = 0;
});

describe("a container's last lines", () => {
  it('are those of its stream, waited for until CloudWatch has them', async () => {
    logs
      .on(GetLogEventsCommand)
      .rejectsOnce(new ResourceNotFoundException({ message: 'no stream yet', $metadata: {} }))
      .resolvesOnce({ events: [] })
      .resolves({ events: [{ message: 'one\n' }, { message: 'x'.repeat(1000) }] });
    expect(await read('/jobs')).toEqual(['one', 'x'.repeat(400)]);
    expect(logs.commandCalls(GetLogEventsCommand)[0]?.args[0].input).toEqual({
      logGroupName: '/jobs',
      logStreamName: 'job/svc-0/0123456789abcdef',
      limit: 15,
    });
  });

  it('are none without output', async () => {
    logs.on(GetLogEventsCommand).resolves({ events: [] });
    expect(await read('/jobs')).toEqual([]);
  });

  it('are none without a log group', async () => {
    expect(await read(undefined)).toEqual([]);
    expect(logs.calls()).toHaveLength(0);
  });

  it("are none, with a warning in the manager's log, when access is denied", async () => {
    logs.on(GetLogEventsCommand).rejects(new Error('AccessDenied'));
    expect(await read('/jobs')).toEqual([]);
    expect(lines.join()).toContain('AccessDenied');
  });
});

describe("the link to a container's log", () => {
  it.each([
    ['eu-west-1', 'https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#'],
    ['cn-north-1', 'https://cn-north-1.console.amazonaws.cn/cloudwatch/home?region=cn-north-1#'],
    [
      'us-gov-west-1',
      'https://us-gov-west-1.console.amazonaws-us-gov.com/cloudwatch/home?region=us-gov-west-1#',
    ],
  ])('in %s leads to its console, with names encoded as the console does', (region, console) => {
    expect(containerLogLink(region, '/sgr/jobs', TASK, 'helper')).toBe(
      `${console}logsV2:log-groups/log-group/$252Fsgr$252Fjobs/log-events/job$252Fhelper$252F0123456789abcdef`,
    );
  });
});
