/** Times are milliseconds since 1970. */
export interface OutdatedCase {
  manager: {
    /** `…:task-definition/<family>:<revision>`. */
    definitionArn: string | undefined;
    createdAt: number | undefined;
  };
  /** The definition that the fleet's next manager starts with; undefined if the fleet has none. */
  newestDefinitionArn: string | undefined;
  /** When what its managers read at their start was last written; undefined if unknown. */
  settingsWrittenAt: number | undefined;
}

/** Whether a fleet's next manager would have another version or other settings than this one. */
export function isOutdated({ manager, newestDefinitionArn, settingsWrittenAt }: OutdatedCase): boolean {
  const { definitionArn, createdAt } = manager;
  if (newestDefinitionArn !== undefined && definitionArn !== newestDefinitionArn) return true;
  return createdAt !== undefined && settingsWrittenAt !== undefined && settingsWrittenAt > createdAt;
}
