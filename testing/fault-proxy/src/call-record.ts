import { type TaskRole, toTags } from '@serverless-gitlab-runner/fleet';
import type { Call } from './call.ts';
import type { Outcome } from './proxy.ts';

/** Calls that are alike: same caller, operation, resources and status. */
export interface RecordedCalls {
  caller: string;
  service: string;
  operation: string;
  /** What IAM would judge: resources and conditions named in the parameters, by parameter. Never a secret's value. */
  parameters: Record<string, unknown>;
  /** HTTP status, or why there was none. */
  status: Outcome;
  calls: number;
  firstAt: string;
}

/** Parameters that name what a call is about. Everything else is left out: values of parameters are secrets, for one. */
const NAMING = [
  ...['cluster', 'task', 'tasks', 'taskDefinition', 'resourceArn', 'startedBy', 'desiredStatus', 'family'],
  ...['capacityProviderStrategy', 'networkConfiguration', 'taskRoleArn', 'executionRoleArn', 'include'],
  ...['Name', 'Names', 'Path', 'WithDecryption', 'Type', 'Overwrite', 'QueueUrl', 'FunctionName'],
  ...['logGroupName', 'logStreamName', 'tagKeys', 'SecretId'],
  ...['RoleArn', 'Bucket', 'Key'],
] as const;

/** Tags of a task that policies ask for. */
export interface TagsOfTask {
  role: TaskRole;
  fleet: string | undefined;
}

/** Every call that passed, like ones counted together, for a later judgement of policies. */
export class CallRecord {
  readonly #calls = new Map<string, RecordedCalls>();
  readonly #tagsOf: (taskArn: string) => TagsOfTask | undefined;

  /** @param tagsOf a task's tags, if they are known: policies ask for them, and calls do not carry them */
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
    const about = task ?? resourceArn;
    const tags = typeof about === 'string' ? this.#tagsOf(about) : undefined;
    if (tags === undefined) return {};
    const { role, fleet } = tags;
    return { resourceTags: toTags({ role, fleet }).map(({ key, value }) => `${key}=${value}`) };
  }

  /** By caller, service and operation. */
  get all(): RecordedCalls[] {
    const order = ({ caller, service, operation }: RecordedCalls) => `${caller} ${service} ${operation}`;
    return [...this.#calls.values()].sort((a, b) => order(a).localeCompare(order(b)));
  }
}

/** Calls about different tasks are alike; how many tasks one call names is not what makes it another. */
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

/** Values of some tags are times: their keys are what conditions look at, and our role and fleet tags' values. */
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
