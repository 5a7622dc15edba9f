import { ACCOUNT, arnOf, REGION } from './arns.ts';
import { KINDS, keyOf } from './physical-names.ts';
import type { Templates } from './template.ts';

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': REGION,
  'AWS::AccountId': ACCOUNT,
  'AWS::URLSuffix': 'amazonaws.com',
};

/** Resolves CloudFormation's intrinsic functions. */
export interface Intrinsics {
  /**
   * Resolves a value of a stack's template.
   * @throws {Error} if it uses an unsupported function or attribute
   */
  textOf(stack: string, value: unknown): string;
  /** Resolves a value or a list of values. */
  textsOf(stack: string, value: unknown): string[];
}

/**
 * Resolves references, attributes, joins and imports between stacks.
 * @param names names of deployed resources (`recordedNames`); others are named `<stack>-<logical id>`
 */
export function intrinsicsOf(templates: Templates, names: ReadonlyMap<string, string>): Intrinsics {
  const exported = exportsOf(templates);

  function textOf(stack: string, value: unknown): string {
    if (typeof value !== 'object' || value === null) return String(value);
    const [[name, inner] = ['', undefined]] = Object.entries(value);
    switch (name) {
      case 'Ref':
        return PSEUDO[String(inner)] ?? nameOf(stack, String(inner));
      case 'Fn::GetAtt':
        return attribute(stack, inner);
      case 'Fn::Join':
        return joined(stack, inner);
      case 'Fn::ImportValue':
        return imported(textOf(stack, inner));
      default:
        throw new Error(`${stack}: unsupported value ${JSON.stringify(value)}`);
    }
  }

  function nameOf(stack: string, id: string): string {
    const resource = templates[stack]?.Resources[id];
    if (resource === undefined) throw new Error(`${stack} has no resource ${id}`);
    const nameProperty = KINDS[resource.Type]?.nameProperty;
    const name = nameProperty === undefined ? undefined : resource.Properties[nameProperty];
    return name === undefined ? (names.get(keyOf({ stack, id })) ?? `${stack}-${id}`) : textOf(stack, name);
  }

  function attribute(stack: string, value: unknown): string {
    const [id, name] = Array.isArray(value) ? value.map(String) : [];
    const resource = templates[stack]?.Resources[id ?? ''];
    const kind = KINDS[resource?.Type ?? ''];
    if (id === undefined || name !== 'Arn' || kind === undefined) {
      throw new Error(`${stack}: unsupported attribute ${JSON.stringify(value)}`);
    }
    const path = resource?.Properties.Path === undefined ? '' : textOf(stack, resource.Properties.Path);
    return arnOf(kind.service, kind.resource(`${path.replace(/^\//, '')}${nameOf(stack, id)}`));
  }

  function joined(stack: string, value: unknown): string {
    if (!Array.isArray(value) || !Array.isArray(value[1]))
      throw new Error(`invalid Fn::Join: ${JSON.stringify(value)}`);
    return value[1].map((part) => textOf(stack, part)).join(String(value[0]));
  }

  function imported(name: string): string {
    const found = exported.get(name);
    if (found === undefined) throw new Error(`no stack exports ${name}`);
    return textOf(found.stack, found.value);
  }

  return {
    textOf,
    textsOf: (stack, value) => (Array.isArray(value) ? value : [value]).map((one) => textOf(stack, one)),
  };
}

function exportsOf(templates: Templates): Map<string, { stack: string; value: unknown }> {
  return new Map(
    Object.entries(templates).flatMap(([stack, { Outputs }]) =>
      Object.values(Outputs).flatMap(({ Export, Value }) =>
        Export ? [[Export.Name, { stack, value: Value }] as const] : [],
      ),
    ),
  );
}
