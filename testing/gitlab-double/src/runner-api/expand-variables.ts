/** A variable in a job's payload. GitLab omits `file` and `raw` if false. */
export interface PayloadVariable {
  key: string;
  value: string;
  public: boolean;
  masked: boolean;
  file?: true;
  raw?: true;
}

/** `$$` is kept: the runner replaces it by a dollar sign. */
const REFERENCE = /\$\$|\$(\w+)|\$\{(\w+)\}/g;
/** Ends the expansion of variables that refer to each other in a cycle. */
const MAX_LEVELS = 20;

/**
 * Expands references in values recursively, as GitLab does before it sends a job
 * (Gitlab::Ci::Variables::Collection#sort_and_expand_all). References to unknown, raw or file variables are left to the
 * runner.
 */
export function expandVariables(variables: readonly PayloadVariable[]): PayloadVariable[] {
  const byKey = new Map(variables.map((variable) => [variable.key, variable]));
  const expand = (value: string, level: number): string =>
    value.replace(REFERENCE, (whole: string, bare?: string, braced?: string) => {
      const found = byKey.get(bare ?? braced ?? '');
      if (!found || found.raw || found.file || level > MAX_LEVELS) return whole;
      return expand(found.value, level + 1);
    });
  return variables.map((variable) =>
    variable.raw || variable.file ? variable : { ...variable, value: expand(variable.value, 0) },
  );
}
