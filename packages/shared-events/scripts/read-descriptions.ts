import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { type EventName, eventNames } from '../src/event-schemas.ts';
import { checkModule, commentOf, fieldsOf } from './read-comments.ts';

/** What the source says about an event and its fields. */
export interface EventDescription {
  readonly event: string;
  /** By the field's name; fields without a comment are missing. */
  readonly fields: Readonly<Record<string, string>>;
}

const SOURCE = fileURLToPath(new URL('../src/event-schemas.ts', import.meta.url));

/**
 * Reads the comments of the zod schemas, so that a description is written once: editors show the comment, the published schemas
 * contain it, and no Lambda's bundle grows by it.
 */
export function readDescriptions(): Record<EventName, EventDescription> {
  const { checker, exported } = checkModule(SOURCE);
  const schemas = exported('eventSchemas');
  const properties = checker.getTypeOfSymbol(schemas).getProperties();
  const entries = eventNames.map((name) => {
    const schema = properties.find((property) => property.name === name);
    if (schema === undefined) throw new Error(`eventSchemas lacks ${name}`);
    return [name, describe(checker, schema)];
  });
  return Object.fromEntries(entries);
}

function describe(checker: ts.TypeChecker, schema: ts.Symbol): EventDescription {
  const fields = fieldsOf(checker.getTypeOfSymbol(schema), checker) ?? [];
  const comments = fields.map((field) => [field.name, commentOf(field, checker)]);
  return {
    event: commentOf(schemaConstant(schema, checker), checker),
    fields: Object.fromEntries(comments.filter(([, comment]) => comment !== '')),
  };
}

/** `JobQueued: jobQueuedSchema` is a property; the comment is at the constant that it names. */
function schemaConstant(property: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  const assignment = property.valueDeclaration;
  if (assignment === undefined || !ts.isPropertyAssignment(assignment)) return property;
  const named = checker.getSymbolAtLocation(assignment.initializer) ?? property;
  return named.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(named) : named;
}
