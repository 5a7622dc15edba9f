import { setTimeout } from 'node:timers/promises';
import { CreateServiceLinkedRoleCommand, GetRoleCommand, type IAMClient } from '@aws-sdk/client-iam';

/** Name of the role with which ECS attaches network interfaces; one per account. */
const ROLE = 'AWSServiceRoleForECS';
const SERVICE = 'ecs.amazonaws.com';
/** Milliseconds until IAM's reads show a new role, and between two polls. */
const VISIBLE_WITHIN_MS = 60_000;
const POLL_MS = 1000;

/** Whether the role exists now; `not-allowed`: these credentials may not create it. */
export type RoleOutcome = 'created' | 'exists' | 'not-allowed';

/**
 * Creates ECS's service-linked role, which a new account lacks and a cluster with capacity providers needs. ECS also creates it
 * for the first cluster, but that cluster fails.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html
 */
export async function ensureServiceLinkedRole(
  iam: IAMClient,
  log: (line: string) => void,
  signal?: AbortSignal,
): Promise<RoleOutcome> {
  const outcome = await create(iam, signal);
  if (outcome === 'not-allowed') {
    log(
      `These credentials may not create ${ROLE} (iam:CreateServiceLinkedRole). If the account is new, ECS creates it during the first attempt, which then fails and is retried once.`,
    );
    return outcome;
  }
  if (outcome === 'created') log(`Created ${ROLE}, which ECS needs and this account lacked.`);
  // The name may have been taken by another process only just now.
  await awaitRole(iam, signal);
  return outcome;
}

/** Waits until IAM shows the role, at most a minute. Does not wait if the role may not be read. */
export async function awaitRole(iam: IAMClient, signal?: AbortSignal): Promise<void> {
  const deadline = Date.now() + VISIBLE_WITHIN_MS;
  while ((await isMissing(iam)) && Date.now() < deadline)
    await setTimeout(POLL_MS, undefined, signal === undefined ? {} : { signal });
}

/** Also false if the role may not be read: if it is missing, the cluster fails and its stack is retried. */
async function isMissing(iam: IAMClient): Promise<boolean> {
  try {
    await iam.send(new GetRoleCommand({ RoleName: ROLE }));
    return false;
  } catch (error) {
    return /^NoSuchEntity/.test((error as Error).name);
  }
}

async function create(iam: IAMClient, signal?: AbortSignal): Promise<RoleOutcome> {
  try {
    await iam.send(
      new CreateServiceLinkedRoleCommand({ AWSServiceName: SERVICE }),
      signal === undefined ? {} : { abortSignal: signal },
    );
    return 'created';
  } catch (error) {
    const { name, message } = error as Error;
    if (/^InvalidInput/.test(name) && message.includes('has been taken')) return 'exists';
    if (name.startsWith('AccessDenied')) return 'not-allowed';
    throw error;
  }
}
