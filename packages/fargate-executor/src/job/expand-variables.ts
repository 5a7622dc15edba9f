/**
 * A reference as Go's `os.Expand` reads it, which GitLab Runner uses: `${…}`, `$NAME`, or `$` and one of the shell's
 * special characters. An open brace that nothing closes goes alone.
 */
const REFERENCE = /\$(?:\$|\{([^}]*)\}|([A-Za-z_][A-Za-z0-9_]*)|([*#@!?0-9-])|\{)/g;

/** What a name stands for; undefined: nothing. */
export type Lookup = (name: string) => string | undefined;

/** Expands references to variables in a text, as GitLab Runner does: one that is not set is nothing, `$$` a dollar. */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return expandReferences(text, (name) => variables.get(name));
}

/** As `expandVariables`, where names are looked up by a function. */
export function expandReferences(text: string, lookup: Lookup): string {
  return text.replace(REFERENCE, (whole: string, braced?: string, bare?: string) =>
    whole === '$$' ? '$' : (lookup(braced ?? bare ?? '') ?? ''),
  );
}
