import { stripVTControlCharacters } from 'node:util';
import * as z from 'zod';
import { parseJson } from '../parse-json.ts';
import { wrap } from '../wrap.ts';
import type { JobLine } from './job-lines.ts';

/** Fields that say nothing about the job. */
const OMITTED = new Set([
  ...['timestamp', 'service', 'sampling_rate', 'version', 'xray_trace_id', 'cold_start'],
  ...['function_arn', 'function_memory_size', 'function_name', 'function_request_id'],
]);

const fieldsSchema = z.record(z.string(), z.unknown());

/** Renders a line of a log: time (UTC), source, message and fields, wrapped at `columns` characters. */
export function renderLine({ at, source, text }: JobLine, columns: number): string[] {
  const head = `${new Date(at).toISOString().slice(11, 23)}  ${source.padEnd(8)}  `;
  const indent = ' '.repeat(head.length);
  return wrap(readable(text), columns, indent).map((line, index) =>
    index === 0 ? `${head}${line.slice(indent.length)}` : line,
  );
}

/** A JSON line as its message with `name=value` for each field; any other line as it is. */
function readable(text: string): string {
  const fields = fieldsSchema.safeParse(parseJson(text)).data;
  if (fields === undefined) return printable(text);
  const { message, level, detail, ...others } = fields;
  // An event's detail says more than its name.
  const rest = Object.entries({ ...others, ...fieldsSchema.safeParse(detail).data }).flatMap(
    ([name, value]) =>
      OMITTED.has(name) ? [] : `${name}=${short(typeof value === 'string' ? value : JSON.stringify(value))}`,
  );
  const prefix = level === 'WARN' || level === 'ERROR' ? [level] : [];
  return printable([...prefix, message, ...rest].join(' '));
}

/** A task's ARN as its id: cluster and account are the same for all. */
function short(value: string): string {
  return value.replaceAll(/arn:aws[\w-]*:ecs:[^\s"]*\//g, '');
}

/** Names in a log come from whoever may push: they must not move the terminal's cursor. */
function printable(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\p{Cc}/gu, '?');
}
