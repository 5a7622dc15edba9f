import { wrap } from '../wrap.ts';
import type { AwsFacts } from './init-facts.ts';
import type { InitRequest } from './init-request.ts';
import { describeCost, type InitPlan } from './plan-init.ts';
import type { InitResult } from './run-init.ts';

const ACTION_WIDTH = 10;

/** Renders what is going to be done, as lines of at most `columns` characters. */
export function renderPlan(
  request: InitRequest,
  plan: InitPlan,
  { account, region }: Pick<AwsFacts, 'account' | 'region'>,
  columns: number,
): string[] {
  const fleet = plan.fleets.find(({ name }) => name === request.fleet);
  return [
    ...wrap(`Account ${account}, ${region}, for ${targetOf(request)} at ${request.gitlabUrl}:`, columns),
    '',
    ...plan.steps.flatMap(({ action, what }) => {
      const [first = '', ...rest] = wrap(what, columns, ' '.repeat(ACTION_WIDTH + 2));
      return [`  ${action.padEnd(ACTION_WIDTH)}${first.trimStart()}`, ...rest];
    }),
    '',
    ...(fleet === undefined ? [] : wrap(describeCost(fleet, region), columns)),
  ];
}

/** Renders what can be done now; what is left to be done by hand is rendered elsewhere. */
export function renderResult(
  request: InitRequest,
  { byHand, untested, plan }: InitResult,
  columns: number,
): string[] {
  const { tagList, runUntagged } = plan.runner;
  const tags = tagList.length === 0 ? 'without tags' : `with \`tags: [${tagList.join(', ')}]\``;
  const orUntagged = tagList.length > 0 && runUntagged ? ', or without tags,' : '';
  return [
    ...(untested.length === 0
      ? []
      : wrap(
          `GitLab could not test the webhook of ${untested.join(', ')}: there is no job yet, or GitLab is older than 16.11.`,
          columns,
        )),
    ...wrap(
      `${byHand.length === 0 ? 'Ready: push' : 'Then push'} a job ${tags}${orUntagged} to ${targetOf(request)}. \`sgr why JOB\` tells what it waits for, \`sgr doctor\` what is broken.`,
      columns,
    ),
  ];
}

function targetOf({ target }: InitRequest): string {
  return target.kind === 'group' ? `the group ${target.path}` : target.paths.join(', ');
}
