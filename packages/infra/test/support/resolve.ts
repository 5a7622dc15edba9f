/** Pseudo parameters of a deployment to Ireland. */
const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-west-1',
  'AWS::AccountId': '111122223333',
  'AWS::URLSuffix': 'amazonaws.com',
};

/**
 * Text of a template's value: joins are evaluated, pseudo parameters replaced, and a reference to a resource becomes its logical id
 * in braces, with the attribute if there is one.
 */
export function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const [[key, inner] = ['', undefined]] = Object.entries(value);
  switch (key) {
    case 'Ref':
      return PSEUDO[String(inner)] ?? `{${String(inner)}}`;
    case 'Fn::GetAtt':
      return Array.isArray(inner) ? `{${inner.join('.')}}` : `{${String(inner)}}`;
    case 'Fn::ImportValue':
      return `{${String(inner)}}`;
    case 'Fn::Sub':
      return String(inner).replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => textOf({ Ref: name }));
    case 'Fn::Join':
      return joined(inner);
    default:
      throw new Error(`no text for ${JSON.stringify(value)}`);
  }
}

function joined(value: unknown): string {
  if (!Array.isArray(value) || !Array.isArray(value[1])) throw new Error(`no join: ${JSON.stringify(value)}`);
  return value[1].map(textOf).join(String(value[0]));
}

/** Converts a single value or a list, as in IAM, to a list. */
export function listOf(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
