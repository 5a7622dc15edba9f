import { type CloudFormationClient, paginateListExports } from '@aws-sdk/client-cloudformation';

/** Names of the exports that a template imports. */
export function importedNames(template: unknown): string[] {
  const names = new Set<string>();
  collectImports(template, names);
  return [...names].sort();
}

function collectImports(value: unknown, names: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'Fn::ImportValue' && typeof inner === 'string') names.add(inner);
    else collectImports(inner, names);
  }
}

/** Names that a template exports. */
export function exportedNames(template: unknown): string[] {
  const { Outputs = {} } = template as { Outputs?: Record<string, { Export?: { Name?: unknown } }> };
  const names = Object.values(Outputs).map(({ Export }) => Export?.Name);
  return names.filter((name): name is string => typeof name === 'string').sort();
}

/** The names that the account and region do not export. */
export async function missingExports(
  client: CloudFormationClient,
  names: readonly string[],
): Promise<string[]> {
  if (names.length === 0) return [];
  const missing = new Set(names);
  for await (const page of paginateListExports({ client }, {})) {
    for (const { Name } of page.Exports ?? []) if (Name !== undefined) missing.delete(Name);
  }
  return [...missing];
}
