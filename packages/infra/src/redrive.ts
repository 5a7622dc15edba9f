/** Gives dead letters another try; `--help` says more. */
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

Gives the messages in the dead-letter queues another try, after what stopped them is mended:
  launcher   SQS moves them back into the launcher's queue
  reaper     idle-reaper is invoked with each of them, which is then deleted

      --queue launcher|reaper   one of them only (default: both)
      --list                    counts the messages and changes nothing
  -h, --help                    this

Exit code 1 when a message could not be given another try; it stays where it is.
`;

const OPTIONS = { queue: { type: 'string' }, list: { type: 'boolean', default: false } } as const;

await runCommand({
  help: HELP,
  run: async (line) => {
    const { values } = parseOptions(line.args, OPTIONS);
    const queues = chosen(values.queue);
    let complete = true;
    for (const queue of queues) complete = (await redrive(queue, values.list, line)) && complete;
    return complete;
  },
});

function chosen(given: string | undefined): readonly Queue[] {
  const queues = QUEUES.filter((queue) => given === undefined || queue === given);
  if (queues.length > 0) return queues;
  throw new UsageError(
    `There is no queue "${given}"${didYouMean(given ?? '', QUEUES)}? --queue takes ${QUEUES.join(' or ')}.`,
  );
}

/** @returns whether every message got another try */
async function redrive(queue: Queue, listOnly: boolean, { print, log }: CommandLine): Promise<boolean> {
  const cloudFormation = new CloudFormationClient();
  // By the client's own endpoint, which AWS_ENDPOINT_URL may set; on AWS a queue's URL has the same host.
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
    print(`runner-launcher: ${moved} messages are back in its queue`);
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
  print(`idle-reaper: took ${done} events${failed === 0 ? '' : `, failed at ${failed}: its log says why`}`);
  return failed === 0;
}
