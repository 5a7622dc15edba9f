import { join } from 'node:path';
import { REPOSITORY_ROOT } from '@serverless-gitlab-runner/machine';
import ts from 'typescript';
import { checkModule, commentOf } from '../../../../packages/shared-events/scripts/read-comments.ts';
import { page, table } from '../markdown.ts';

const SOURCE = join(REPOSITORY_ROOT, 'packages/runner-manager/src/job/request/job-overrides.ts');

/** The variables that change how a job's task is started. */
export function renderJobVariablesPage(): string {
  const { checker, exported } = checkModule(SOURCE);
  const fields = checker.getDeclaredTypeOfSymbol(exported('JobOverrides')).getProperties();
  const rows = fields.map((field) => {
    const tags = field.getJsDocTags(checker);
    const textsOf = (name: string) =>
      tags.filter((tag) => tag.name === name).map(({ text }) => ts.displayPartsToString(text).trim());
    const names = textsOf('variable').map((name) => `\`${name}\``);
    return [names.join(', else '), textsOf('default')[0] ?? 'none', commentOf(field, checker)];
  });
  const introduction = [
    'Variables that a job sets in `.gitlab-ci.yml` (or anywhere else where GitLab has variables) to choose what its task is.',
    '[Writing jobs](../writing-jobs.md) explains them with examples. A size between',
    "Fargate's steps is rounded up; a value outside the fleet's limits fails the job at once, and its log names the allowed ones.",
  ];
  return page('Variables of a job', introduction, table(['variable', 'default', 'value'], rows));
}
