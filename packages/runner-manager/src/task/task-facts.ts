import type { Task } from '@aws-sdk/client-ecs';
import { BUILD_CONTAINER, HELPER_CONTAINER } from '@serverless-gitlab-runner/fleet';

/** Private IPv4 address of the task's network interface, once it has one. */
export function privateAddressOf(task: Task): string | undefined {
  for (const attachment of task.attachments ?? []) {
    const detail = attachment.details?.find((each) => each.name === 'privateIPv4Address');
    if (detail?.value) return detail.value;
  }
  return task.containers
    ?.flatMap((each) => each.networkInterfaces ?? [])
    .find((each) => each.privateIpv4Address)?.privateIpv4Address;
}

/** Whether the task has stopped or is stopping. */
export function isEnding(task: Task): boolean {
  return (
    task.desiredStatus === 'STOPPED' ||
    (task.lastStatus ?? '').match(/^(DEACTIVATING|STOPPING|DEPROVISIONING|STOPPED)$/) !== null
  );
}

/** Whether AWS has announced that it reclaims the task's Spot capacity. */
export function isSpotInterruption({ stopCode, stoppedReason = '' }: Task): boolean {
  return stopCode === 'SpotInterruption' || /spot interruption/i.test(stoppedReason);
}

/** Whether the helper or the build container has ended, which ends the task. */
export function hasContainerEnded(task: Task): boolean {
  const ended = task.containers?.some(
    ({ name, exitCode }) => (name === HELPER_CONTAINER || name === BUILD_CONTAINER) && exitCode !== undefined,
  );
  return ended === true || task.lastStatus === 'STOPPED';
}

/** Whether all images of the task have been pulled: every container is running or has run. */
export function hasImages(task: Task): boolean {
  const containers = task.containers ?? [];
  return task.lastStatus === 'RUNNING' && containers.every((each) => each.lastStatus !== 'PENDING');
}

/** Seconds that pulling the images took, if ECS reports it. */
export function pullSecondsOf(task: Task): number | undefined {
  if (!task.pullStartedAt || !task.pullStoppedAt) return undefined;
  return (task.pullStoppedAt.getTime() - task.pullStartedAt.getTime()) / 1000;
}
