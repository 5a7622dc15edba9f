import type { RecordedCall } from '../recording.ts';

/** One question that AWS asks of the caller's policies before it does what was called for. */
export interface Need {
  action: string;
  resource: string;
  /** Values of condition keys. */
  context: Record<string, string | string[]>;
  /** AWS's list of actions and resources does not have this form, so it is judged without a look at that list. */
  isUnlisted?: true;
  /** The resource's own policy grants it to whoever gets that far; the role must only not be denied it. */
  isGrantedByResource?: true;
}

/** What is known beside the call itself. */
export interface Facts {
  /** Tags of an existing task, as `key=value`; undefined when nothing tells. */
  tagsOfTask(taskArn: string, call: RecordedCall): string[] | undefined;
  /** Roles in a task definition; undefined when it is not known. */
  rolesOfDefinition(family: string): string[] | undefined;
}

/** What AWS asks for a call. */
export type NeedsOf = (call: RecordedCall, facts: Facts) => Need[];

/** The call cannot be judged: the recording or the table of operations lacks something. */
export class UnjudgeableCallError extends Error {
  override readonly name = 'UnjudgeableCallError';
}

export function optionalText({ parameters }: RecordedCall, name: string): string | undefined {
  const value = parameters[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** @throws {UnjudgeableCallError} when the parameter was not recorded */
export function text(call: RecordedCall, name: string): string {
  const value = optionalText(call, name);
  if (value === undefined)
    throw new UnjudgeableCallError(`the recording has no ${name} of ${call.operation}`);
  return value;
}

/** @throws {UnjudgeableCallError} when the parameter was not recorded */
export function texts(call: RecordedCall, name: string): string[] {
  const value = call.parameters[name];
  if (!Array.isArray(value) || value.length === 0) {
    throw new UnjudgeableCallError(`the recording has no ${name} of ${call.operation}`);
  }
  return value.map(String);
}

/** Recorded tags: `key=value`, or the key alone where the value is a time and not recorded. */
export function recordedTags({ parameters }: RecordedCall): string[] {
  return Array.isArray(parameters.tags) ? parameters.tags.map(String) : [];
}

/** Context of tags in a request. */
export function requestTags(tags: readonly string[]): Need['context'] {
  if (tags.length === 0) return {};
  const pairs = tags.map(pairOf);
  return {
    ...Object.fromEntries(pairs.map(([key, value]) => [`aws:RequestTag/${key}`, value])),
    'aws:TagKeys': pairs.map(([key]) => key),
  };
}

/** Context of the tags that a resource has. */
export function resourceTags(tags: readonly string[]): Need['context'] {
  return Object.fromEntries(tags.map(pairOf).map(([key, value]) => [`aws:ResourceTag/${key}`, value]));
}

function pairOf(tag: string): readonly [string, string] {
  const at = tag.indexOf('=');
  return at < 0 ? [tag, NOT_RECORDED] : [tag.slice(0, at), tag.slice(at + 1)];
}

const NOT_RECORDED = 'not-recorded';
