import { setTimeout } from 'node:timers/promises';
import { type CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';

/** Milliseconds between two polls of a changing stack. */
const POLL_MS = 5000;

/** A stack as CloudFormation describes it, or undefined if it does not exist. */
export async function describeStack(client: CloudFormationClient, name: string): Promise<Stack | undefined> {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: name }));
    return Stacks.find(({ StackStatus }) => StackStatus !== 'DELETE_COMPLETE');
  } catch (error) {
    // CloudFormation has no dedicated error for a missing stack.
    const { name: code, message } = error as Error;
    if (code === 'ValidationError' && message.includes('does not exist')) return undefined;
    throw error;
  }
}

/** A stack's outputs by name; none if it does not exist. */
export function outputsOf(stack: Stack | undefined): ReadonlyMap<string, string> {
  const outputs = stack?.Outputs ?? [];
  return new Map(outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
}

/** Whether a stack's last operation left it usable. */
export function isUsable(stack: Stack | undefined): boolean {
  return /^(CREATE|UPDATE|IMPORT|UPDATE_ROLLBACK|IMPORT_ROLLBACK)_COMPLETE$/.test(stack?.StackStatus ?? '');
}

/** Whether an operation is in progress. `REVIEW_IN_PROGRESS` is a change set that waits for a person, possibly forever. */
function isChanging(stack: Stack | undefined): boolean {
  const status = stack?.StackStatus ?? '';
  return status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS';
}

/**
 * Waits until the stack has no operation in progress, whoever started it, and returns it. CloudFormation bounds each one's time.
 */
export async function settledStack(
  client: CloudFormationClient,
  name: string,
  log: (line: string) => void,
  pollMs = POLL_MS,
): Promise<Stack | undefined> {
  let lastLogged: string | undefined;
  for (;;) {
    const stack = await describeStack(client, name);
    if (stack === undefined || !isChanging(stack)) return stack;
    if (lastLogged !== stack.StackStatus) log(`${name}: ${stack.StackStatus}, waiting`);
    lastLogged = stack.StackStatus;
    await setTimeout(pollMs);
  }
}
