/** A variable in a job's payload. GitLab leaves `file` and `raw` out when false. */
export interface PayloadVariable {
  key: string;
  value: string;
  public: boolean;
  masked: boolean;
  file?: true;
  raw?: true;
}

/** `$$` stays: it is the runner that makes a dollar of it. */
const REFERENCE = /\$\$|\$(\w+)|\$\{(\w+)\}/g;
/** Variables that refer to each other in a circle are left as they are. */
const MOST_LEVELS = 20;

/**
 * Puts values for references in values, in references' references too, as GitLab does before it sends a job
 * (Gitlab::Ci::Variables::Collection#sort_and_expand_all). References to what is unknown, raw or a file are left to
 * the runner.
 */
export function expandVariables(variables: readonly PayloadVariable[]): PayloadVariable[] {
  const known = new Map(variables.map((variable) => [variable.key, variable]));
  const expand = (value: string, level: number): string =>
    value.replace(REFERENCE, (whole: string, bare?: string, braced?: string) => {
      const found = known.get(bare ?? braced ?? '');
      if (!found || found.raw || found.file || level > MOST_LEVELS) return whole;
      return expand(found.value, level + 1);
    });
  return variables.map((variable) =>
    variable.raw || variable.file ? variable : { ...variable, value: expand(variable.value, 0) },
  );
}
