import ts from 'typescript';

/** A TypeScript module, and the checker that resolves its types. */
export interface CheckedModule {
  readonly checker: ts.TypeChecker;
  /** The module's export of that name. @throws {Error} if there is none */
  exported(name: string): ts.Symbol;
}

const OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2024,
  strict: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
};

/** The last program: the next one takes over the files that it parsed. */
let last: ts.Program | undefined;

/** Type-checks a module of this repository, so that its comments can be read. */
export function checkModule(path: string): CheckedModule {
  const program = ts.createProgram([path], OPTIONS, undefined, last);
  last = program;
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(path);
  const module = file && checker.getSymbolAtLocation(file);
  return {
    checker,
    exported(name) {
      const symbol = module && checker.getExportsOfModule(module).find((each) => each.name === name);
      if (symbol === undefined) throw new Error(`${path} does not export ${name}`);
      return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    },
  };
}

/** The comment at a declaration, in one line; empty if there is none. */
export function commentOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  return ts.displayPartsToString(symbol.getDocumentationComment(checker)).replaceAll(/\s+/g, ' ').trim();
}

/** Fields of a zod object with their comments; undefined if the schema is of no object. */
export function fieldsOf(schema: ts.Type, checker: ts.TypeChecker): ts.Symbol[] | undefined {
  // zod's own `shape` has the type of the object that was passed to `z.object`, whose properties keep their comments.
  const shape = schema.getProperty('shape');
  return shape && checker.getTypeOfSymbol(shape).getProperties();
}
