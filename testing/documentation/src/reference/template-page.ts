import { templateParameters } from '../../../../packages/infra/src/template/parameters.ts';
import { code, page, table } from '../markdown.ts';

/** The parameters of the plain CloudFormation template. */
export function renderTemplatePage(): string {
  const introduction = [
    'Parameters of the plain CloudFormation template. [Without CDK](../template.md) shows how to deploy it, with Terraform,',
    'too. Images of a release are the defaults of its template.',
  ];
  const rows = Object.entries(templateParameters({})).map(([name, parameter]) => [
    code(name),
    code(parameter.type),
    'default' in parameter ? defaultOf(parameter.default) : 'required',
    parameter.description,
  ]);
  return page('Template', introduction, table(['parameter', 'type', 'default', 'meaning'], rows));
}

function defaultOf(value: unknown): string {
  return value === '' ? 'empty' : code(value);
}
