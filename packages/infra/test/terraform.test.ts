import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { templateParameters } from '../src/template/parameters.ts';

const MODULE = new URL('../../../examples/terraform/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, MODULE), 'utf8');

const parameters: Record<string, { type: string; default?: string | number }> = templateParameters({});
const main = read('main.tf');
const [, passed = ''] = /parameters = \{\n(.*?)\n {2}\}/s.exec(main) ?? [];
/** What the module passes, by the parameter's name. */
const values = new Map(
  passed.split('\n').map((line) => {
    const [, name = line, value = ''] = /^ +(\w+) += (.*)$/.exec(line) ?? [];
    return [name, value] as const;
  }),
);
/** Defaults of its variables; undefined: required. */
const variables = new Map(
  [...read('variables.tf').matchAll(/^variable "(\w+)" \{\n(.*?)\n\}/gms)].map(
    ([, name = '', block = '']) => [name, /^ {2}default += (.*)$/m.exec(block)?.[1]],
  ),
);

describe('the Terraform module', () => {
  it('passes every parameter of the template, and no other', () => {
    expect([...values.keys()].sort()).toEqual(Object.keys(parameters).sort());
  });

  it('has a variable for everything that it uses, and uses every variable', () => {
    const used = new Set([...main.matchAll(/\bvar\.(\w+)/g)].map(([, name]) => name));
    expect([...used].sort()).toEqual([...variables.keys()].sort());
  });

  it('requires what the template requires, and has its defaults elsewhere', () => {
    const different = [...values].filter(([name, value]) => {
      const [, variable = ''] = /\bvar\.(\w+)/.exec(value) ?? [];
      const own = variables.get(variable);
      const { default: expected } = parameters[name] ?? {};
      return own === undefined ? expected !== undefined : JSON.parse(own).toString() !== `${expected}`;
    });
    // Objects are written as JSON, and the files of several stacks in one bucket are kept apart.
    expect(different.map(([name]) => name)).toEqual([
      'CodePrefix',
      ...['ManagerSettings', 'JobSettings', 'AheadSettings', 'WebhookSettings'],
    ]);
    for (const name of ['ManagerSettings', 'JobSettings', 'AheadSettings', 'WebhookSettings'])
      expect(values.get(name)).toMatch(/^jsonencode\(var\.\w+\)$/);
  });
});
