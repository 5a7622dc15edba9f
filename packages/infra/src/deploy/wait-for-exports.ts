import { setTimeout } from 'node:timers/promises';
import { type CloudFormationClient, paginateListExports } from '@aws-sdk/client-cloudformation';
import { SHARED_STACK } from '../stacks/stack-names.ts';
import { DeployError } from './run-cdk.ts';

export interface WaitLimits {
  readonly timeoutSeconds: number;
  readonly pollSeconds: number;
}

/** A first deployment of the shared stack builds and pushes two images: minutes. */
const LIMITS: WaitLimits = { timeoutSeconds: 1800, pollSeconds: 5 };

/** Names of the exports that a template imports. */
export function importedNames(template: unknown): string[] {
  const names = new Set<string>();
  collect(template, names);
  return [...names].sort();
}

function collect(value: unknown, names: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'Fn::ImportValue' && typeof inner === 'string') names.add(inner);
    else collect(inner, names);
  }
}

/**
 * Waits until the account has the exports.
 * @throws {DeployError} when they are not there in time (half an hour)
 */
export async function waitForExports(
  client: CloudFormationClient,
  names: readonly string[],
  log: (line: string) => void,
  { timeoutSeconds, pollSeconds }: WaitLimits = LIMITS,
): Promise<void> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  for (let waits = 0; ; waits += 1) {
    const missing = await missingExports(client, names);
    if (missing.length === 0) return;
    if (Date.now() >= deadline) {
      throw new DeployError(
        `${missing[0]} is not exported after ${timeoutSeconds} s: deploy ${SHARED_STACK} (npx nx deploy shared-stack)`,
      );
    }
    if (waits === 0) log(`waiting for ${SHARED_STACK}, which does not export ${missing.join(', ')} yet`);
    await setTimeout(pollSeconds * 1000);
  }
}

async function missingExports(client: CloudFormationClient, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const missing = new Set(names);
  for await (const page of paginateListExports({ client }, {})) {
    for (const { Name } of page.Exports ?? []) if (Name !== undefined) missing.delete(Name);
  }
  return [...missing];
}
