import Table from 'cli-table3';
import { wrap } from '../wrap.ts';
import type { AwsFacts } from './init-facts.ts';
import type { InitRequest } from './init-request.ts';
import { describeCost, type InitPlan } from './plan-init.ts';
import type { InitResult } from './run-init.ts';

/** Renders what is going to be done, as lines of at most `columns` characters. */
export function renderPlan(
  request: InitRequest,
  plan: InitPlan,
  aws: Pick<AwsFacts, 'account' | 'region'>,
  columns: number,
): string[] {
  const { target, gitlabUrl } = request;
  const who = target.kind === 'group' ? `group ${target.path}` : target.paths.join(', ');
  const fleet = plan.fleets.find(({ name }) => name === request.fleet);
  const table = new Table({
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 2, 'padding-right': 0 },
    wordWrap: true,
    colWidths: [ACTION_WIDTH, Math.max(20, columns - ACTION_WIDTH)],
  });
  table.push(...plan.steps.map(({ action, what }) => [action, what]));
  return [
    ...wrap(`Account ${aws.account}, ${aws.region}, for ${who} at ${gitlabUrl}:`, columns),
    '',
    ...table
      .toString()
      .split('\n')
      .map((line) => line.trimEnd()),
    '',
    ...(fleet === undefined ? [] : wrap(describeCost(fleet, aws.region), columns)),
  ];
}

const ACTION_WIDTH = 11;
const NO_BORDERS = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((name) => [name, '']),
);

/** Renders what was done, and what is left. Commands are not wrapped, so that they can be pasted. */
export function renderResult(
  request: InitRequest,
  result: InitResult,
  commands: { runnerToken: string; region: string },
  columns: number,
): string[] {
  const { byHand, untested, plan } = result;
  const text = (line: string, indent = '') => wrap(line, columns - indent.length, indent);
  const { tagList, runUntagged } = plan.runner;
  const tags = tagList.length === 0 ? 'without tags' : `with \`tags: [${tagList.join(', ')}]\``;
  const orUntagged = tagList.length > 0 && runUntagged ? ', or without tags,' : '';
  const where =
    request.target.kind === 'group' ? `the group ${request.target.path}` : request.target.paths.join(', ');
  return [
    ...(byHand.length === 0
      ? []
      : [
          ...text(
            `Left to be done at ${request.gitlabUrl}, in ${where}, since GITLAB_TOKEN is not set or lacks the scope api:`,
          ),
          '',
        ]),
    ...(byHand.includes('runner')
      ? [
          ...text(
            `- Settings → CI/CD → Runners → New runner, which takes jobs ${tags}${orUntagged}. Then store its token (paste it, and press Enter):`,
          ),
          `    ${commands.runnerToken}`,
          '',
        ]
      : []),
    ...(byHand.includes('hook')
      ? [
          ...text(
            '- Settings → Webhooks → Add: trigger "Job events" only, SSL verification on, and this URL and secret token:',
          ),
          `    ${result.webhookUrl}`,
          `    aws ssm get-parameter --region ${commands.region} --with-decryption --query Parameter.Value --output text --name ${result.webhookSecretParameter}`,
          '',
        ]
      : []),
    ...(untested.length === 0
      ? []
      : text(
          `GitLab could not test the webhook of ${untested.join(', ')}, since there is no job yet, or GitLab is older than 16.11.`,
        )),
    ...text(
      `${byHand.length === 0 ? 'Ready: push' : 'Then push'} a job ${tags}${orUntagged} to ${where}. \`sgr why JOB\` tells what it waits for, \`sgr doctor\` what is broken.`,
    ),
  ];
}
