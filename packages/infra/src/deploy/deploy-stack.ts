import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { SHARED_STACK, serviceStack } from '../stacks/stack-names.ts';
import { DeployError, INFRA_DIRECTORY, runCdk } from './run-cdk.ts';
import { importedNames, waitForExports } from './wait-for-exports.ts';

export { DeployError };

export const STACK_TARGETS = ['shared', 'webhook-receiver', 'runner-launcher', 'idle-reaper'] as const;
export type StackTarget = (typeof STACK_TARGETS)[number];

/** Whether an argument names a stack that can be deployed by itself. */
export function isStackTarget(value: string): value is StackTarget {
  return STACK_TARGETS.some((target) => target === value);
}

export interface DeployStackOptions {
  /** Further options for `cdk deploy`. */
  readonly options: readonly string[];
  readonly cloudFormation: CloudFormationClient;
  readonly log: (line: string) => void;
}

/**
 * Deploys one stack and no other. A service's stack waits for what it imports from the shared one, so that all of
 * them may be deployed side by side.
 * @throws {DeployError}
 */
export async function deployStack(target: StackTarget, options: DeployStackOptions): Promise<void> {
  const { log, cloudFormation } = options;
  const stack = target === 'shared' ? SHARED_STACK : serviceStack(target);
  const assembly = join(INFRA_DIRECTORY, 'cdk.out', target);
  const context = [...contextOf(options.options), ...contextFor(target)];
  await runCdk(['synth', '--quiet', '--no-notices', '--output', assembly, ...context], { log });
  const template: unknown = JSON.parse(await readFile(join(assembly, `${stack}.template.json`), 'utf8'));
  await waitForExports(cloudFormation, importedNames(template), log);
  await runCdk(
    ['deploy', stack, '--exclusively', '--app', assembly, '--require-approval', 'never', ...options.options],
    { log },
  );
}

/** Only what the stack needs is synthesised; a service needs no image, so none has to be there to be built. */
function contextFor(target: StackTarget): string[] {
  if (target === 'shared') return ['--context', 'services=[]'];
  const settings = [`services=["${target}"]`, 'runnerImage=not-deployed', 'jobBaseImage=not-deployed'];
  return settings.flatMap((setting) => ['--context', setting]);
}

/** The options that synthesis needs too: `-c key=value`, `--context key=value`. */
function contextOf(options: readonly string[]): string[] {
  return options.flatMap((option, index) => {
    if (option.startsWith('--context=')) return [option];
    const value = options[index + 1];
    return (option === '-c' || option === '--context') && value !== undefined ? [option, value] : [];
  });
}
