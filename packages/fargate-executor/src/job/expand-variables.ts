/** `$NAME` or `${NAME}`, as GitLab expands them in names of images and services; `$$` is a dollar. */
const REFERENCE = /\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))/g;

/**
 * Expands references to variables in a text, as GitLab Runner does.
 * @param unset what a reference to an unknown variable becomes. Default: it stays, so that one sees what is missing
 */
export function expandVariables(
  text: string,
  variables: ReadonlyMap<string, string>,
  unset = (reference: string): string => reference,
): string {
  return text.replace(REFERENCE, (whole: string, braced?: string, bare?: string) => {
    if (whole === '$$') return '$';
    return variables.get(braced ?? bare ?? '') ?? unset(whole);
  });
}
