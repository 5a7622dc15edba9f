import {
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  RunTaskCommand,
  StopTaskCommand,
  TagResourceCommand,
} from '@aws-sdk/client-ecs';
import { ChangeMessageVisibilityBatchCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { Actor } from '../actor.ts';
import type { QueueApi } from '../actors/queue.ts';
import type { Wire } from '../wire.ts';
import type { EcsApi } from './simulated-ecs.ts';

type Send = (command: object) => Promise<unknown>;

/** An SDK client for the real code. Its `send` calls the simulated ECS over the wire. */
export function ecsClient(actor: Actor, wire: Wire, ecs: EcsApi): ECSClient {
  const send: Send = (command) => {
    if (command instanceof DescribeTasksCommand)
      return wire.call(actor, 'DescribeTasks', () => ecs.describeTasks(command.input));
    if (command instanceof ListTasksCommand)
      return wire.call(actor, 'ListTasks', () => ecs.listTasks(command.input));
    if (command instanceof TagResourceCommand)
      return wire.call(actor, 'TagResource', () => ecs.tagResource(command.input));
    if (command instanceof RunTaskCommand)
      return wire.call(actor, 'RunTask', () => ecs.runTask(command.input));
    if (command instanceof StopTaskCommand) {
      const { task, reason } = command.input;
      return wire.call(actor, 'StopTask', () => ecs.stopTask({ task, reason }));
    }
    throw unknownCommand(command);
  };
  return Object.create(ECSClient.prototype, { send: { value: send } });
}

export function sqsClient(actor: Actor, wire: Wire, queue: QueueApi): SQSClient {
  const send: Send = (command) => {
    if (command instanceof ChangeMessageVisibilityBatchCommand)
      return wire.call(actor, 'ChangeMessageVisibilityBatch', () =>
        queue.changeVisibility(command.input.Entries ?? []),
      );
    if (command instanceof SendMessageBatchCommand)
      return wire.call(actor, 'SendMessageBatch', () => queue.sendDeadLetters(command.input.Entries ?? []));
    throw unknownCommand(command);
  };
  return Object.create(SQSClient.prototype, { send: { value: send } });
}

/** @param changedAt when a parameter was last written, in milliseconds since 1970 */
export function ssmClient(actor: Actor, wire: Wire, changedAt: (name: string) => number): SSMClient {
  const send: Send = (command) => {
    if (!(command instanceof GetParametersCommand)) throw unknownCommand(command);
    const { Names = [] } = command.input;
    return wire.call(actor, 'GetParameters', () => ({
      Parameters: Names.map((Name) => ({ Name, LastModifiedDate: new Date(changedAt(Name)) })),
    }));
  };
  return Object.create(SSMClient.prototype, { send: { value: send } });
}

function unknownCommand(command: object): Error {
  return new Error(`The model does not support ${command.constructor.name}; add it to sdk-clients.ts.`);
}
