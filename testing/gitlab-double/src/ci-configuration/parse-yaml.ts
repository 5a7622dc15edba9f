import { isSeq, parseDocument } from 'yaml';
import { InvalidPipelineError } from '../errors.ts';

/** `!reference [job, key, …]` before it is resolved. */
export class Reference {
  readonly path: readonly string[];

  constructor(path: readonly string[]) {
    this.path = path;
  }
}

/** A YAML mapping. */
export type Mapping = Record<string, unknown>;

export function isMapping(value: unknown): value is Mapping {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Reference)
  );
}

/**
 * Parses a `.gitlab-ci.yml` with anchors, merge keys and `!reference`.
 * @throws {InvalidPipelineError} with the parser's message
 */
export function parseYaml(text: string): Mapping {
  const document = parseDocument(text, {
    merge: true,
    customTags: [
      {
        tag: '!reference',
        collection: 'seq',
        resolve: (node) => new Reference(isSeq(node) ? (node.toJSON() as unknown[]).map(String) : []),
      },
    ],
  });
  const [error] = [...document.errors, ...document.warnings];
  if (error) throw new InvalidPipelineError(error.message);
  const content: unknown = document.toJS();
  if (!isMapping(content)) throw new InvalidPipelineError('the configuration is not a mapping of keywords');
  return content;
}
