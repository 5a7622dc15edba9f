/** `$NAME` or `${NAME}`, as GitLab expands them in names of images and services; `$$` is a dollar. */
const REFERENCE = /\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))/g;

/** Expands references to variables in a text, as GitLab Runner does: one that is not set is nothing. */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(REFERENCE, (whole: string, braced?: string, bare?: string) =>
    whole === '$$' ? '$' : (variables.get(braced ?? bare ?? '') ?? ''),
  );
}
