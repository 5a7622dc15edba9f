import { ConflictException, ListTasksCommand, RunTaskCommand, TagResourceCommand } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { processBatch } from '../src/index.ts';
import { failureOfAnswer, failureOfError } from '../src/launch-failure.ts';
import { createLauncher, kinds, managerTags, named, queued } from './support/launcher.ts';

describe('a failure', () => {
  it.each([
    ['ThrottlingException', 'AWS throttled the launcher (ThrottlingException: said so); retrying'],
    ['ServerException', 'A call failed (ServerException: said so); retrying'],
    [
      'AccessDeniedException',
      "AWS denied access (AccessDeniedException: said so). Grant the launcher's role the permissions in its README, including iam:PassRole for the manager's roles, and redrive the dead-letter queue",
    ],
    [
      'ClusterNotFoundException',
      "ECS refused the manager (ClusterNotFoundException: said so). Correct the fleet's network or the cluster, or deploy the fleet if its task definition is missing, and redrive the dead-letter queue",
    ],
  ])('is described for %s', (name, message) => {
    expect(failureOfError(named(name, 'said so')).message).toBe(message);
  });

  it.each<[string, Parameters<typeof failureOfAnswer>, string, string]>([
    [
      'an answer with one reason that capacity does not resolve',
      [[{ reason: 'RESOURCE:ENI' }, { reason: 'MISSING', detail: 'of the cluster' }]],
      'invalid-configuration',
      'ECS cannot start the manager (RESOURCE:ENI; MISSING of the cluster). Correct the cluster or the task definition',
    ],
    [
      'no room',
      [[{ reason: 'RESOURCE:ENI' }], 'FARGATE_SPOT'],
      'no-capacity',
      'FARGATE_SPOT cannot start a task now (RESOURCE:ENI); retrying.',
    ],
    [
      'an answer without a reason',
      [[]],
      'no-capacity',
      'FARGATE cannot start a task now (no task and no failure); retrying.',
    ],
    [
      'a reason about capacity that only ends like a permanent one',
      [[{ reason: 'A free host is MISSING' }]],
      'no-capacity',
      'FARGATE cannot start a task now (A free host is MISSING); retrying.',
    ],
  ])('is described for %s', (_what, [failures, provider], reason, message) => {
    expect(failureOfAnswer(failures, provider)).toMatchObject({ reason, message });
  });

  it('is described in at most 1,500 characters', () => {
    expect(failureOfError(named('ServerException', 'x'.repeat(2000))).message).toHaveLength(1500);
  });
});

describe('a launch that fails', () => {
  it.each([
    ['ThrottlingException', 'Rate exceeded', 'retry throttled', false],
    ['ServerException', 'oops', 'retry unknown', false],
    ['TypeError', 'x is not a function', 'retry unknown', false],
    [
      'ClientException',
      "You've reached the limit on the number of tasks you can run concurrently",
      'retry no-capacity',
      false,
    ],
    [
      'InvalidParameterException',
      'The requested CPU configuration is above your limit',
      'retry no-capacity',
      false,
    ],
    ['ClientException', 'Your account is currently blocked', 'retry no-capacity', false],
    [
      'InvalidParameterException',
      'Error retrieving security group information for [sg-1]: Request limit exceeded. (ErrorCode: RequestLimitExceeded)',
      'retry throttled',
      false,
    ],
    ['AccessDeniedException', 'not authorized to perform: iam:PassRole', 'give-up access-denied', true],
    [
      'InvalidParameterException',
      "The subnet ID 'subnet-1' does not exist",
      'give-up invalid-configuration',
      true,
    ],
    ['ClientException', 'TaskDefinition not found.', 'give-up invalid-configuration', true],
    ['ClusterNotFoundException', 'Cluster not found.', 'give-up invalid-configuration', true],
  ])('with %s (%s): %s', async (name, message, outcome, final) => {
    const launcher = createLauncher();
    launcher.ecs.mock.on(RunTaskCommand).rejects(named(name, message));
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual([outcome]);
    const [event] = launcher.events('ManagerLaunchFailed');
    expect(event).toMatchObject({ reason: outcome.split(' ')[1], final });
    expect(event.message).toContain(message);
  });

  it('names the quota that was reached', async () => {
    const launcher = createLauncher();
    const reason = "You've reached the limit on the number of vCPUs you can run concurrently";
    launcher.ecs.mock.on(RunTaskCommand).resolves({ failures: [{ reason }] });
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual(['retry no-capacity']);
    const [event] = launcher.events('ManagerLaunchFailed');
    expect(event.message).toContain(`${reason}); retrying.`);
    expect(event.message).toMatch(/quota "Fargate (On-Demand|Spot) vCPU resource count" is reached/);
  });

  it('is given up when capacity does not resolve the failure', async () => {
    const launcher = createLauncher();
    launcher.ecs.mock.on(RunTaskCommand).resolves({ failures: [{ reason: 'MISSING' }] });
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual(['give-up invalid-configuration']);
  });

  it('is not tried when the runner token was refused', async () => {
    const launcher = createLauncher();
    const failure = {
      reason: 'runner-token-refused' as const,
      message: 'Write a valid one',
      permanent: true,
    };
    launcher.deps.checkLaunchAllowed = async () => failure;
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual(['give-up runner-token-refused']);
    expect(launcher.ecs.runs()).toHaveLength(0);
  });

  it('is not tried when the fleet is invalid', async () => {
    const launcher = createLauncher();
    const failure = { reason: 'invalid-fleet' as const, message: 'no such fleet', permanent: true };
    launcher.deps.readFleet = async () => ({ failure });
    const settled = await processBatch([queued(1)], launcher.deps);
    expect(settled[0]?.outcome).toEqual({
      kind: 'give-up',
      reason: 'invalid-fleet',
      message: 'no such fleet',
    });
    expect(launcher.events('ManagerLaunchFailed')).toMatchObject([{ reason: 'invalid-fleet', final: true }]);
  });

  it('is not tried when ECS cannot be read, and all messages come back', async () => {
    const launcher = createLauncher();
    launcher.ecs.mock.on(ListTasksCommand).rejects(named('ServerException'));
    expect(kinds(await processBatch([queued(1), queued(2)], launcher.deps))).toEqual([
      'retry unknown',
      'retry unknown',
    ]);
  });

  it('is retried when the managers change during every plan', async () => {
    const launcher = createLauncher({ max: 1 });
    launcher.ecs.mock.on(RunTaskCommand).callsFake(() => {
      const resourceIds = [launcher.ecs.add({ tags: managerTags() })];
      throw new ConflictException({ message: 'the token is in use', resourceIds, $metadata: {} });
    });
    launcher.ecs.mock.on(TagResourceCommand).rejects(named('InvalidParameterException'));
    expect(kinds(await processBatch([queued(1)], launcher.deps))).toEqual(['retry unknown']);
  });
});
