import { join } from 'node:path';
import { REPOSITORY_ROOT } from '@serverless-gitlab-runner/machine';
import ts from 'typescript';
import {
  type CheckedModule,
  checkModule,
  commentOf,
} from '../../../../packages/shared-events/scripts/read-comments.ts';
import { page, table } from '../markdown.ts';

const SOURCE = join(REPOSITORY_ROOT, 'packages/infra/src/index.ts');

/** The tables of the page: exported types, and whether their members are passed or read. */
const TYPES = [
  { name: 'ServerlessGitlabRunnerProps', title: 'Properties', kind: 'props' },
  { name: 'NetworkProps', title: '`network`', kind: 'props' },
  { name: 'JobCacheProps', title: '`cache`', kind: 'props' },
  { name: 'BudgetProps', title: '`budget`', kind: 'props' },
  { name: 'ServiceOptions', title: '`webhookReceiver`, `runnerLauncher`, `idleReaper`', kind: 'props' },
  { name: 'WebhookReceiverProps', title: '`webhookReceiver` only', kind: 'own' },
  { name: 'RunnerLauncherProps', title: '`runnerLauncher` only', kind: 'own' },
  { name: 'IdleReaperProps', title: '`idleReaper` only', kind: 'own' },
] as const;

/** Properties that the construct itself passes to its parts. */
const PASSED_ON = ['installation', 'alarmActions'];

/** The properties of `ServerlessGitlabRunner`, and of its parts. */
export function renderConstructPage(): string {
  const module = checkModule(SOURCE);
  const introduction = [
    'Properties of the CDK construct `ServerlessGitlabRunner` of `@serverless-gitlab-runner/infra`. None is required.',
    '[In a stack of your own](../embedding.md) shows how to use it.',
  ];
  const sections = TYPES.flatMap(({ name, title, kind }) => [
    `## ${title}`,
    '',
    ...table(
      ['property', 'type', 'default', 'meaning'],
      membersOf(module, name, kind === 'own').map((member) => rowOf(member, module.checker)),
    ),
    '',
  ]);
  return page('Construct', introduction, sections);
}

function membersOf({ checker, exported }: CheckedModule, name: string, isOwnOnly: boolean): ts.Symbol[] {
  const members = checker.getDeclaredTypeOfSymbol(exported(name)).getProperties();
  if (!isOwnOnly) return members;
  return members.filter(
    (member) =>
      !PASSED_ON.includes(member.name) &&
      member.declarations?.some(
        ({ parent }) => ts.isInterfaceDeclaration(parent) && parent.name.text === name,
      ),
  );
}

function rowOf(member: ts.Symbol, checker: ts.TypeChecker): string[] {
  const tags = member.getJsDocTags(checker);
  const fallback = tags.find(({ name }) => name === 'default');
  const isOptional = (member.flags & ts.SymbolFlags.Optional) !== 0;
  const text = fallback === undefined ? '' : ts.displayPartsToString(fallback.text);
  return [
    `\`${member.name}\``,
    `\`${typeOf(member)}\``,
    text || (isOptional ? 'none' : 'required'),
    commentOf(member, checker),
  ];
}

/** The type as it is written in the source. */
function typeOf({ valueDeclaration }: ts.Symbol): string {
  const type =
    valueDeclaration !== undefined && ts.isPropertySignature(valueDeclaration)
      ? valueDeclaration.type
      : undefined;
  return type?.getText().replaceAll(/\s+/g, ' ') ?? 'unknown';
}
