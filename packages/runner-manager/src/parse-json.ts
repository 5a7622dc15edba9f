/** The value that a JSON document is of; undefined where it is none. */
export function parseJson(document: string): unknown {
  try {
    return JSON.parse(document);
  } catch {
    return undefined;
  }
}
