import { setTimeout } from 'node:timers/promises';
import { type CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';

/** Milliseconds between two reads of a stack that changes. */
const POLL_MS = 5000;

/** A stack as CloudFormation describes it, or undefined when there is none of that name. */
export async function describeStack(client: CloudFormationClient, name: string): Promise<Stack | undefined> {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: name }));
    return Stacks.find(({ StackStatus }) => StackStatus !== 'DELETE_COMPLETE');
  } catch (error) {
    // CloudFormation has no error of its own for it.
    const { name: code, message } = error as Error;
    if (code === 'ValidationError' && message.includes('does not exist')) return undefined;
    throw error;
  }
}

/** Whether a stack's last operation left it usable. */
export function isUsable(stack: Stack | undefined): boolean {
  return /^(CREATE|UPDATE|IMPORT|UPDATE_ROLLBACK|IMPORT_ROLLBACK)_COMPLETE$/.test(stack?.StackStatus ?? '');
}

/** An operation goes on. `REVIEW_IN_PROGRESS` is a change set that waits for a person, maybe for ever. */
function isChanging(stack: Stack | undefined): boolean {
  const status = stack?.StackStatus ?? '';
  return status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS';
}

/** Waits until no operation of the stack goes on, whoever began it, and returns the stack. CloudFormation ends each in bounded time. */
export async function settledStack(
  client: CloudFormationClient,
  name: string,
  log: (line: string) => void,
  pollMs = POLL_MS,
): Promise<Stack | undefined> {
  let told: string | undefined;
  for (;;) {
    const stack = await describeStack(client, name);
    if (stack === undefined || !isChanging(stack)) return stack;
    if (told !== stack.StackStatus) log(`${name}: ${stack.StackStatus}, waiting for its end`);
    told = stack.StackStatus;
    await setTimeout(pollMs);
  }
}
