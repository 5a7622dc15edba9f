import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { type EventName, eventNames } from '../src/event-schemas.ts';

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
  const program = ts.createProgram([SOURCE], {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2024,
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  });
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(SOURCE);
  const module = file && checker.getSymbolAtLocation(file);
  const schemas = module && checker.getExportsOfModule(module).find(({ name }) => name === 'eventSchemas');
  if (schemas === undefined) throw new Error(`${SOURCE} does not export eventSchemas`);
  const properties = checker.getTypeOfSymbol(schemas).getProperties();
  const entries = eventNames.map((name) => {
    const schema = properties.find((property) => property.name === name);
    if (schema === undefined) throw new Error(`eventSchemas lacks ${name}`);
    return [name, describe(checker, schema)];
  });
  return Object.fromEntries(entries);
}

function describe(checker: ts.TypeChecker, schema: ts.Symbol): EventDescription {
  // zod's own `shape` has the type of the object that was passed to `z.object`, whose properties keep their comments.
  const shape = checker.getTypeOfSymbol(schema).getProperty('shape');
  const fields = shape === undefined ? [] : checker.getTypeOfSymbol(shape).getProperties();
  const comments = fields.map((field) => [field.name, textOf(field, checker)]);
  return {
    event: textOf(schemaConstant(schema, checker), checker),
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

function textOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  return ts.displayPartsToString(symbol.getDocumentationComment(checker)).replaceAll(/\s+/g, ' ').trim();
}
