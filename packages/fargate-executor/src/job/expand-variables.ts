/** `$NAME` or `${NAME}`, as GitLab expands them in names of images and services; `$$` is a dollar. */
const REFERENCE = /\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))/g;

/** Expands references to variables in a text; those to unknown variables stay, so that one sees what is missing. */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(REFERENCE, (whole: string, braced?: string, bare?: string) => {
    if (whole === '$$') return '$';
    return variables.get(braced ?? bare ?? '') ?? whole;
  });
}
