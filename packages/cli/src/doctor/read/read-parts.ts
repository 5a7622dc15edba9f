import { DescribeRuleCommand, type EventBridgeClient } from '@aws-sdk/client-eventbridge';
import {
  GetEventSourceMappingCommand,
  GetFunctionCommand,
  GetFunctionUrlConfigCommand,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { GetScheduleCommand, type SchedulerClient } from '@aws-sdk/client-scheduler';
import { SINGLE_STACK, serviceStack } from '@serverless-gitlab-runner/fleet';
import type { PartFacts } from '../checks/check-parts.ts';
import type { StackResource } from './read-stacks.ts';

interface PartClients {
  eventBridge: EventBridgeClient;
  lambda: LambdaClient;
  scheduler: SchedulerClient;
}

type State = PartFacts['state'];

/** What does not happen without a stack's parts. */
const EFFECTS: ReadonlyMap<string, string> = new Map([
  [serviceStack('webhook-receiver'), 'no webhook is accepted'],
  [serviceStack('runner-launcher'), 'no manager is started'],
  [serviceStack('idle-reaper'), 'idle managers run on'],
  [SINGLE_STACK, 'jobs wait, or idle managers run on'],
]);

/** Reads the state of each function, URL, queue subscription, rule and schedule of the services' stacks. */
export async function readParts(
  resources: readonly StackResource[],
  clients: PartClients,
  eventBusName: string,
): Promise<PartFacts[]> {
  const parts = resources.map(async (resource) => {
    const effect = EFFECTS.get(resource.stack);
    const read = effect === undefined ? undefined : READERS.get(resource.type);
    return effect !== undefined && read ? [{ ...(await read(resource, clients, eventBusName)), effect }] : [];
  });
  return (await Promise.all(parts)).flat();
}

type Reader = (
  resource: StackResource,
  clients: PartClients,
  eventBusName: string,
) => Promise<Omit<PartFacts, 'effect'>>;

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['AWS::Lambda::Function', readFunction],
  ['AWS::Lambda::Url', readUrl],
  ['AWS::Lambda::EventSourceMapping', readEventSource],
  ['AWS::Events::Rule', readRule],
  ['AWS::Scheduler::Schedule', readSchedule],
]);

function readFunction({ stack, physicalId: id }: StackResource, { lambda }: PartClients) {
  return part(`The function of ${stack}`, id, '', async () => {
    const { Concurrency } = await lambda.send(new GetFunctionCommand({ FunctionName: id }));
    return Concurrency?.ReservedConcurrentExecutions === 0 ? 'throttled' : 'enabled';
  });
}

function readUrl({ stack, physicalId: id }: StackResource, { lambda }: PartClients) {
  return part(`The function URL of ${stack}`, id, '', async () => {
    await lambda.send(new GetFunctionUrlConfigCommand({ FunctionName: id }));
    return 'enabled';
  });
}

function readEventSource({ stack, physicalId: id }: StackResource, { lambda }: PartClients) {
  const enable = `aws lambda update-event-source-mapping --uuid ${id} --enabled`;
  return part(`The queue's subscription of ${stack}`, id, enable, async () => {
    const { State } = await lambda.send(new GetEventSourceMappingCommand({ UUID: id }));
    return /^Disabl/.test(State ?? '') ? 'disabled' : 'enabled';
  });
}

async function readRule(
  { stack, physicalId }: StackResource,
  { eventBridge }: PartClients,
  eventBusName: string,
): Promise<Omit<PartFacts, 'effect'>> {
  const { name, buses } = ruleOf(physicalId, eventBusName);
  const read = async (EventBusName: string) =>
    unlessMissing(async () => {
      const { State } = await eventBridge.send(new DescribeRuleCommand({ Name: name, EventBusName }));
      return State === 'DISABLED' ? 'disabled' : 'enabled';
    });
  const states = await Promise.all(buses.map(async (bus) => ({ bus, state: await read(bus) })));
  const { bus, state } = states.find((one) => one.state !== 'missing') ?? { bus: buses[0], state: 'missing' };
  const enable = `aws events enable-rule --name ${name} --event-bus-name ${bus}`;
  return { what: `The rule of ${stack}`, id: name, enable, state };
}

/**
 * A rule's name, and the buses that may have it. CloudFormation's id of a rule is its name on the default bus, and `bus|name` on
 * another one; emulators leave the bus out.
 */
function ruleOf(physicalId: string, eventBusName: string): { name: string; buses: [string, ...string[]] } {
  const [name = '', bus] = physicalId.split('|').reverse();
  return { name, buses: bus === undefined ? ['default', eventBusName] : [bus] };
}

function readSchedule({ stack, physicalId: id }: StackResource, { scheduler }: PartClients) {
  return part(`The schedule of ${stack}`, id, 'npm run deploy', async () => {
    const { State } = await scheduler.send(new GetScheduleCommand({ Name: id }));
    return State === 'DISABLED' ? 'disabled' : 'enabled';
  });
}

async function part(what: string, id: string, enable: string, read: () => Promise<State>) {
  return { what, id, enable, state: await unlessMissing(read) };
}

async function unlessMissing(read: () => Promise<State>): Promise<State> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Error && error.name.startsWith('ResourceNotFound')) return 'missing';
    throw error;
  }
}
