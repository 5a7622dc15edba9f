/** Retries dead letters; see `--help`. */
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';
import { didYouMean, parseOptions, UsageError } from './cli/parse-options.ts';
import { type CommandLine, runCommand } from './cli/run-command.ts';
import { countMessages } from './operate/dead-letters.ts';
import { requireOutputs } from './operate/installation-outputs.ts';
import { redriveLauncher } from './operate/redrive-launcher.ts';
import { redriveReaper } from './operate/redrive-reaper.ts';

const QUEUES = ['launcher', 'reaper'] as const;
type Queue = (typeof QUEUES)[number];

const HELP = `Usage: npx nx run infra:redrive [-- options]

Retries the messages in the dead-letter queues, once their cause is fixed:
  launcher   SQS moves the messages back into the launcher's queue
  reaper     idle-reaper is invoked with each message, which is then deleted

      --queue launcher|reaper   retries only this queue (default: both)
      --list                    counts the messages and changes nothing
  -h, --help                    prints this help

Exit code 1 if a message could not be retried; it stays in its dead-letter queue.
`;

const OPTIONS = { queue: { type: 'string' }, list: { type: 'boolean', default: false } } as const;

await runCommand({
  help: HELP,
  run: async (line) => {
    const { values } = parseOptions(line.args, OPTIONS);
    const queues = selectQueues(values.queue);
    let complete = true;
    for (const queue of queues) complete = (await redrive(queue, values.list, line)) && complete;
    return complete;
  },
});

function selectQueues(given: string | undefined): readonly Queue[] {
  const queues = QUEUES.filter((queue) => given === undefined || queue === given);
  if (queues.length > 0) return queues;
  throw new UsageError(
    `There is no queue "${given}"${didYouMean(given ?? '', QUEUES)}? --queue takes ${QUEUES.join(' or ')}.`,
  );
}

/** @returns whether every message was retried */
async function redrive(queue: Queue, listOnly: boolean, { print, log }: CommandLine): Promise<boolean> {
  const cloudFormation = new CloudFormationClient();
  // Uses the client's own endpoint, which AWS_ENDPOINT_URL may set. On AWS a queue's URL has the same host.
  const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
  if (queue === 'launcher') {
    const outputs = ['QueueUrl', 'LauncherDeadLettersUrl'] as const;
    const { QueueUrl, LauncherDeadLettersUrl } = await requireOutputs(
      cloudFormation,
      'runner-launcher',
      outputs,
    );
    const waiting = await countMessages(sqs, LauncherDeadLettersUrl);
    if (listOnly || waiting === 0) {
      print(`runner-launcher: ${waiting} messages in the dead-letter queue`);
      return true;
    }
    const moved = await redriveLauncher({
      sqs,
      queueUrl: QueueUrl,
      deadLettersUrl: LauncherDeadLettersUrl,
      log,
    });
    print(`runner-launcher: moved ${moved} messages back to its queue`);
    return true;
  }
  const outputs = ['IdleReaperFunction', 'ReaperDeadLettersUrl'] as const;
  const { IdleReaperFunction, ReaperDeadLettersUrl } = await requireOutputs(
    cloudFormation,
    'idle-reaper',
    outputs,
  );
  const waiting = await countMessages(sqs, ReaperDeadLettersUrl);
  if (listOnly || waiting === 0) {
    print(`idle-reaper: ${waiting} messages in the dead-letter queue`);
    return true;
  }
  const { done, failed } = await redriveReaper({
    sqs,
    lambda: new LambdaClient(),
    functionName: IdleReaperFunction,
    deadLettersUrl: ReaperDeadLettersUrl,
    log,
  });
  print(
    `idle-reaper: processed ${done} events${failed === 0 ? '' : `, failed to process ${failed}: see its log`}`,
  );
  return failed === 0;
}
