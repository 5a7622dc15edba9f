import type { RecordedCall } from '../recording.ts';

/** A permission that AWS checks before it carries out a call. */
export interface Need {
  action: string;
  resource: string;
  /** Values of condition keys. */
  context: Record<string, string | string[]>;
  /** AWS's list of actions and resources lacks this form, so it is evaluated without checking that list. */
  isUnlisted?: true;
  /** The resource's policy grants it; the role's policies must only not deny it. */
  isGrantedByResource?: true;
}

/** Facts that the call itself does not contain. */
export interface Facts {
  /** Tags of an existing task, as `key=value`; undefined if unknown. */
  tagsOfTask(taskArn: string, call: RecordedCall): string[] | undefined;
  /** Roles of a task definition; undefined if unknown. */
  rolesOfDefinition(family: string): string[] | undefined;
}

/** Returns the permissions that AWS checks for a call. */
export type NeedsOf = (call: RecordedCall, facts: Facts) => Need[];

/** The call cannot be evaluated: the recording lacks a parameter, or the table lacks the operation. */
export class UnevaluableCallError extends Error {
  override readonly name = 'UnevaluableCallError';
}

export function optionalText({ parameters }: RecordedCall, name: string): string | undefined {
  const value = parameters[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** @throws {UnevaluableCallError} if the parameter was not recorded */
export function text(call: RecordedCall, name: string): string {
  const value = optionalText(call, name);
  if (value === undefined) throw new UnevaluableCallError(`the recording lacks ${name} of ${call.operation}`);
  return value;
}

/** @throws {UnevaluableCallError} if the parameter was not recorded */
export function texts(call: RecordedCall, name: string): string[] {
  const value = call.parameters[name];
  if (!Array.isArray(value) || value.length === 0) {
    throw new UnevaluableCallError(`the recording lacks ${name} of ${call.operation}`);
  }
  return value.map(String);
}

/** Recorded tags: `key=value`, or only the key if the value is a time, which is not recorded. */
export function recordedTags({ parameters }: RecordedCall): string[] {
  return Array.isArray(parameters.tags) ? parameters.tags.map(String) : [];
}

/** Context keys for the tags of a request. */
export function requestTags(tags: readonly string[]): Need['context'] {
  if (tags.length === 0) return {};
  const pairs = tags.map(pairOf);
  return {
    ...Object.fromEntries(pairs.map(([key, value]) => [`aws:RequestTag/${key}`, value])),
    'aws:TagKeys': pairs.map(([key]) => key),
  };
}

/** Context keys for the tags of a resource. */
export function resourceTags(tags: readonly string[]): Need['context'] {
  return Object.fromEntries(tags.map(pairOf).map(([key, value]) => [`aws:ResourceTag/${key}`, value]));
}

function pairOf(tag: string): readonly [string, string] {
  const at = tag.indexOf('=');
  return at < 0 ? [tag, NOT_RECORDED] : [tag.slice(0, at), tag.slice(at + 1)];
}

const NOT_RECORDED = 'not-recorded';
