import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isUsable, settledStack } from '@serverless-gitlab-runner/aws/stacks';
import { SHARED_STACK, serviceStack } from '@serverless-gitlab-runner/fleet';
import { PACKAGE_DIRECTORY } from '../product-files.ts';
import { exportedNames, importedNames, missingExports } from './missing-exports.ts';
import { DeployError, runCdk } from './run-cdk.ts';
import { type DeployClients, runDeployment } from './run-deployment.ts';
import { ensureServiceLinkedRole } from './service-linked-role.ts';

export { DeployError };

const STACK_TARGETS = ['shared', 'webhook-receiver', 'runner-launcher', 'idle-reaper'] as const;
type StackTarget = (typeof STACK_TARGETS)[number];

/** Valid targets: a stack, or `shared-if-missing`, on which the services' deployments depend. */
export const DEPLOY_TARGETS = [...STACK_TARGETS, 'shared-if-missing'] as const;
export type DeployTarget = (typeof DEPLOY_TARGETS)[number];

/** Whether an argument is a valid target. */
export function isDeployTarget(value: string): value is DeployTarget {
  return DEPLOY_TARGETS.some((target) => target === value);
}

export interface DeployStackOptions extends DeployClients {
  /** Further options for `cdk deploy`. */
  readonly options: readonly string[];
  readonly log: (line: string) => void;
}

/**
 * Deploys one stack and no other.
 * @throws {DeployError} also if a service's stack imports values that the shared stack does not export
 */
export async function deployStack(target: DeployTarget, options: DeployStackOptions): Promise<void> {
  if (target === 'shared-if-missing') return deploySharedIfMissing(options);
  if (target === 'shared') return deployShared(options, await synthesise('shared', options));
  const synthesised = await synthesise(target, options);
  const missing = await missingExports(options.cloudFormation, importedNames(synthesised.template));
  if (missing.length > 0)
    throw new DeployError(
      `${synthesised.stack} needs ${missing.join(', ')} from ${SHARED_STACK}, which is not deployed, or only in an older version. Deploy it first with \`npx nx deploy shared-stack\`.`,
    );
  await deploy(synthesised, options);
}

/**
 * Makes sure that the shared stack exists and exports what this version's services import. If it does, it is not changed, so
 * that deploying a service deploys only that service.
 */
async function deploySharedIfMissing(options: DeployStackOptions): Promise<void> {
  const { cloudFormation, log } = options;
  const stack = await settledStack(cloudFormation, SHARED_STACK, log);
  const synthesised = await synthesise('shared', options);
  if (isUsable(stack)) {
    const missing = await missingExports(cloudFormation, exportedNames(synthesised.template));
    if (missing.length === 0) return log(`${SHARED_STACK} exists and is not changed`);
  }
  await deployShared(options, synthesised);
}

async function deployShared(options: DeployStackOptions, synthesised: Synthesised): Promise<void> {
  const { cloudFormation, iam, log } = options;
  const stack = await settledStack(cloudFormation, SHARED_STACK, log);
  if (!isUsable(stack)) await ensureServiceLinkedRole(iam, log);
  await deploy(synthesised, options);
}

interface Synthesised {
  readonly stack: string;
  readonly assembly: string;
  readonly template: unknown;
}

async function synthesise(target: StackTarget, { options, log }: DeployStackOptions): Promise<Synthesised> {
  const stack = target === 'shared' ? SHARED_STACK : serviceStack(target);
  const assembly = join(PACKAGE_DIRECTORY, 'cdk.out', target);
  const context = [...contextOf(options), ...contextFor(target)];
  await runCdk(['synth', '--quiet', '--no-notices', '--output', assembly, ...context], { log });
  const template: unknown = JSON.parse(await readFile(join(assembly, `${stack}.template.json`), 'utf8'));
  return { stack, assembly, template };
}

async function deploy({ stack, assembly }: Synthesised, options: DeployStackOptions): Promise<void> {
  const { log, options: more } = options;
  const args = ['deploy', stack, '--exclusively', '--app', assembly, '--require-approval', 'never', ...more];
  await runDeployment(() => runCdk(args, { log }), { ...options, stacks: [stack] });
}

/** Limits synthesis to what the stack needs. A service needs no image, so none has to be built. */
function contextFor(target: StackTarget): string[] {
  if (target === 'shared') return ['--context', 'services=[]'];
  const settings = [`services=["${target}"]`, 'runnerImage=not-deployed', 'jobBaseImage=not-deployed'];
  return settings.flatMap((setting) => ['--context', setting]);
}

/** The options that synthesis also needs: `-c key=value`, `--context key=value`. */
function contextOf(options: readonly string[]): string[] {
  return options.flatMap((option, index) => {
    if (option.startsWith('--context=')) return [option];
    const value = options[index + 1];
    return (option === '-c' || option === '--context') && value !== undefined ? [option, value] : [];
  });
}
