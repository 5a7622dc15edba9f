import type ts from 'typescript';
import * as z from 'zod';
import {
  checkModule,
  commentOf,
  fieldsOf,
} from '../../../../packages/shared-events/scripts/read-comments.ts';
import { code } from '../markdown.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Where a schema is written: the comments are read there. */
export interface SchemaSource {
  readonly schema: z.ZodType;
  /** Path of the module. */
  readonly path: string;
  /** Name of the exported schema. */
  readonly name: string;
}

/** One setting: its path in the document, what it takes, its default, and its comment. */
export interface SettingRow {
  readonly path: string;
  readonly type: string;
  readonly default: string;
  readonly comment: string;
}

/** All settings of a document in the order of its schema, the inner ones by their path (`job.size`). */
export function settingRows({ schema, path, name }: SchemaSource): SettingRow[] {
  const { checker, exported } = checkModule(path);
  const comments = new Map<string, string>();
  collectComments(checker.getTypeOfSymbol(exported(name)), checker, '', comments);
  // The output of a setting that may be written as text on a command line is the setting itself.
  const json = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' });
  return rowsOf(json, '', comments);
}

function collectComments(
  schema: ts.Type,
  checker: ts.TypeChecker,
  prefix: string,
  comments: Map<string, string>,
): void {
  const object = unwrapped(schema, checker);
  for (const field of (object && fieldsOf(object, checker)) ?? []) {
    const path = `${prefix}${field.name}`;
    comments.set(path, commentOf(field, checker));
    collectComments(checker.getTypeOfSymbol(field), checker, `${path}.`, comments);
  }
}

/** The object in `z.object(…).optional()`, `.prefault()` or a pipe; undefined if there is none. */
function unwrapped(schema: ts.Type, checker: ts.TypeChecker): ts.Type | undefined {
  if (schema.getProperty('shape') !== undefined) return schema;
  const out = schema.getProperty('out');
  if (out !== undefined) return unwrapped(checker.getTypeOfSymbol(out), checker);
  const unwrap = schema.getProperty('unwrap');
  const inner = unwrap && checker.getTypeOfSymbol(unwrap).getCallSignatures()[0]?.getReturnType();
  return inner && unwrapped(inner, checker);
}

function rowsOf(schema: JsonSchema, prefix: string, comments: ReadonlyMap<string, string>): SettingRow[] {
  const properties = Object.entries(schema.properties ?? {});
  return properties.flatMap(([name, property]): SettingRow[] => {
    if (typeof property === 'boolean') return [];
    const path = `${prefix}${name}`;
    const comment = comments.get(path) ?? '';
    const inner = isSize(property) ? [] : rowsOf(property, `${path}.`, comments);
    if (inner.length > 0 && comment === '') return inner;
    const isRequired = schema.required?.includes(name) ?? false;
    const row = { path, type: typeOf(property), ...describe(comment, property, isRequired) };
    return [row, ...inner];
  });
}

/** A size is written and read as one value. */
function isSize({ properties = {} }: JsonSchema): boolean {
  return Object.keys(properties).join() === 'cpu,memory';
}

/** Moves a default that the comment has without a reason into its own column. */
function describe(comment: string, property: JsonSchema, isRequired: boolean) {
  if (property.default !== undefined)
    return {
      default: isSize(property) ? sizeOf(property.default) : code(property.default),
      comment: comment.replaceAll(/\s*Default:? (?:`[^`]*`|none|true|false|[\d,]+)\.(?=\s|$)/g, '').trim(),
    };
  const [sentence, said] = /\s*Default:? ([^.:;]+)\.(?=\s|$)/.exec(comment) ?? [];
  if (sentence !== undefined && said !== undefined)
    return { default: said, comment: comment.replace(sentence, '').trim() };
  const isExplained = /Default(?! none|: none)/.test(comment);
  return { default: isRequired ? 'required' : isExplained ? '' : 'none', comment };
}

function sizeOf(size: unknown): string {
  return code(JSON.stringify(size).replaceAll('"', '').replaceAll(/[:,]/g, '$& '));
}

function typeOf(property: JsonSchema): string {
  const { type, anyOf, enum: values, const: only, items } = property;
  if (only !== undefined) return code(only);
  if (values !== undefined) return values.map(code).join(', ');
  if (anyOf !== undefined)
    return anyOf.map((each) => (typeof each === 'boolean' ? '' : typeOf(each))).join(' or ');
  if (isSize(property)) return 'CPU units and MiB';
  if (type === 'array')
    return `list of ${pluralOf(typeof items === 'object' && !Array.isArray(items) ? typeOf(items) : 'values')}`;
  if (type === 'integer' || type === 'number') return numberOf(property);
  if (type === 'object') return property.additionalProperties ? 'values by name' : 'object';
  return type === 'string' ? 'text' : String(type ?? 'value');
}

function pluralOf(type: string): string {
  if (/^[\d.,]+ to/.test(type)) return `numbers, ${type}`;
  return type.replaceAll(/\b(text|number|value)\b/g, '$1s');
}

function numberOf({ type, minimum, maximum, exclusiveMinimum }: JsonSchema): string {
  const word = type === 'integer' ? 'whole number' : 'number';
  const isBounded = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER;
  const hasMaximum = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  if (isBounded && hasMaximum) return `${minimum.toLocaleString('en')} to ${maximum.toLocaleString('en')}`;
  if (exclusiveMinimum === 0) return `${word} above 0`;
  return word;
}
