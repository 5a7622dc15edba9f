import { type TaskRole, toTags } from '@serverless-gitlab-runner/fleet';
import type { Call } from './call.ts';
import type { Outcome } from './proxy.ts';

/** Equivalent calls: same caller, operation, resources and status. */
export interface RecordedCalls {
  caller: string;
  service: string;
  operation: string;
  /** Parameters that IAM evaluates: names of resources and condition values. Never the value of a secret. */
  parameters: Record<string, unknown>;
  /** HTTP status, or why there is none. */
  status: Outcome;
  calls: number;
  firstAt: string;
}

/** Parameters that identify resources. All others are omitted, because they may be secrets, such as SSM parameter values. */
const NAMING = [
  ...['cluster', 'task', 'tasks', 'taskDefinition', 'resourceArn', 'startedBy', 'desiredStatus', 'family'],
  ...['capacityProviderStrategy', 'networkConfiguration', 'taskRoleArn', 'executionRoleArn', 'include'],
  ...['Name', 'Names', 'Path', 'WithDecryption', 'Type', 'Overwrite', 'QueueUrl', 'FunctionName'],
  ...['logGroupName', 'logStreamName', 'tagKeys', 'SecretId'],
  ...['RoleArn', 'Bucket', 'Key'],
] as const;

/** Tags of a task that policies evaluate. */
export interface TagsOfTask {
  role: TaskRole;
  fleet: string | undefined;
}

/** Records all calls for the evaluation of policies. Equivalent calls are counted together. */
export class CallRecord {
  readonly #calls = new Map<string, RecordedCalls>();
  readonly #tagsOf: (taskArn: string) => TagsOfTask | undefined;

  /** @param tagsOf returns a task's tags, if known: policies evaluate them, but calls do not contain them */
  constructor(tagsOf: (taskArn: string) => TagsOfTask | undefined = () => undefined) {
    this.#tagsOf = tagsOf;
  }

  add(call: Call, status: Outcome): void {
    const { caller, service, operation } = call;
    const parameters = { ...namingParameters(call), ...this.#tagsOfTask(call) };
    const key = withoutIds(JSON.stringify([caller, service, operation, parameters, status]));
    const known = this.#calls.get(key);
    if (known) known.calls += 1;
    else {
      const firstAt = new Date().toISOString();
      this.#calls.set(key, { caller, service, operation, parameters, status, calls: 1, firstAt });
    }
  }

  #tagsOfTask({ parameters: { task, resourceArn } }: Call): { resourceTags?: string[] } {
    const taskArn = task ?? resourceArn;
    const tags = typeof taskArn === 'string' ? this.#tagsOf(taskArn) : undefined;
    if (tags === undefined) return {};
    const { role, fleet } = tags;
    return { resourceTags: toTags({ role, fleet }).map(({ key, value }) => `${key}=${value}`) };
  }

  /** Sorted by caller, service and operation. */
  get all(): RecordedCalls[] {
    const order = ({ caller, service, operation }: RecordedCalls) => `${caller} ${service} ${operation}`;
    return [...this.#calls.values()].sort((a, b) => order(a).localeCompare(order(b)));
  }
}

/** Replaces task ids, so that calls for different tasks, or for another number of tasks, are equivalent. */
function withoutIds(text: string): string {
  return text.replace(/\b[0-9a-f]{32}\b/g, 'id').replace(/("[^"]*\bid")(,\1)+/g, '$1');
}

function namingParameters({ parameters }: Call): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const name of NAMING) if (parameters[name] !== undefined) kept[name] = parameters[name];
  const tags = listOf(parameters.tags ?? parameters.Tags);
  if (tags.length > 0) kept.tags = tags.map(tagOf);
  const entries = listOf(parameters.Entries);
  if (entries.length > 0) kept.Entries = entries.map(entryOf);
  const overrides = parameters.overrides;
  if (isRecord(overrides)) kept.overriddenRoles = rolesOf(overrides);
  return kept;
}

/** Conditions evaluate the keys of tags, and the values of the role and fleet tags only. Some other values are times. */
function tagOf(tag: Record<string, unknown>): string {
  const key = String(tag.key ?? tag.Key);
  return /:(role|fleet)$/.test(key) ? `${key}=${String(tag.value ?? tag.Value)}` : key;
}

function entryOf({ EventBusName, Source, DetailType }: Record<string, unknown>) {
  return { EventBusName, Source, DetailType };
}

function rolesOf({ taskRoleArn, executionRoleArn }: Record<string, unknown>) {
  return { taskRoleArn, executionRoleArn };
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
