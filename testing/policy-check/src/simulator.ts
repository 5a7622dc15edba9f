/** The evaluator of policies: https://github.com/cloud-copilot/iam-simulate. For tests and reports only; nothing that is deployed has it. */
import {
  type RequestAnalysis,
  runSimulation,
  runUnsafeSimulation,
  type Simulation,
} from '@cloud-copilot/iam-simulate';
import { ACCOUNT } from './arns.ts';
import type { Role } from './installation.ts';
import type { Need } from './needs/need.ts';

/** Whether a role has what a call needs, and by which statements, or why not. */
export type Decision = { isAllowed: true; grantedBy: string[] } | { isAllowed: false; why: string };

type StatementAnalysis = NonNullable<RequestAnalysis['identityAnalysis']>['allowStatements'][number];

/** Asks the role's policies. A condition key that AWS does not have for the action is an error of ours, so it refuses. */
export async function judge(need: Need, role: Role): Promise<Decision> {
  const simulation = simulationOf(need, role);
  if (need.isUnlisted) return decideUnlisted(need, simulation, role);
  const answer = await runSimulation(simulation, {});
  if (answer.resultType === 'error') return refused(`cannot be judged: ${answer.errors.message}`);
  const results = answer.resultType === 'single' ? [answer.result] : answer.results;
  const unknown = results.flatMap(({ ignoredContextKeys = [] }) => ignoredContextKeys);
  if (unknown.length > 0) return refused(`cannot be judged: ${need.action} has no ${unknown.join(', ')}`);
  if (answer.overallResult !== 'Allowed') {
    return refused(results.map(({ analysis }) => whyNot(analysis, need.action)).join('; '));
  }
  const grants = results.flatMap(({ analysis }) => analysis.identityAnalysis?.allowStatements ?? []);
  return { isAllowed: true, grantedBy: grants.map(sidOf) };
}

/** Without the check against AWS's list there is no analysis: what each statement says is found by asking it alone. */
function decideUnlisted({ isGrantedByResource }: Need, simulation: Simulation, role: Role): Decision {
  const result = runUnsafeSimulation(simulation, {});
  const saying = role.statements
    .filter((statement) => {
      return runUnsafeSimulation({ ...simulation, identityPolicies: policies([statement]) }, {}) === result;
    })
    .map(({ Sid }) => Sid);
  if (result === 'Allowed') return { isAllowed: true, grantedBy: saying };
  if (result === 'ExplicitlyDenied') return refused(`denied by ${saying.join(', ')}`);
  return isGrantedByResource
    ? { isAllowed: true, grantedBy: [] }
    : refused('no statement grants it like this');
}

function simulationOf({ action, resource, context }: Need, { arn, statements }: Role): Simulation {
  return {
    request: {
      principal: arn,
      action,
      resource: { resource, accountId: ACCOUNT },
      contextVariables: context,
    },
    identityPolicies: policies(statements),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  };
}

function policies(statements: readonly unknown[]): Simulation['identityPolicies'] {
  return [{ name: 'role', policy: { Version: '2012-10-17', Statement: statements } }];
}

function refused(why: string): Decision {
  return { isAllowed: false, why };
}

function whyNot({ identityAnalysis }: RequestAnalysis, action: string): string {
  const denials = identityAnalysis?.denyStatements ?? [];
  if (denials.length > 0) return `denied by ${denials.map(sidOf).join(', ')}`;
  const near = (identityAnalysis?.unmatchedStatements ?? []).filter(
    ({ actionMatch, explain }) => actionMatch && explain.effect === 'Allow',
  );
  if (near.length === 0) return `no statement grants ${action}`;
  return near.map((statement) => `${sidOf(statement)} ${mismatch(statement)}`).join('; ');
}

function mismatch({ resourceMatch, explain }: StatementAnalysis): string {
  if (!resourceMatch) return 'grants it on other resources';
  const failed = (explain.conditions ?? []).filter(({ matches }) => !matches);
  return `asks for ${failed.map(({ conditionKeyValue, operator }) => `${operator} ${conditionKeyValue}`).join(', ')}`;
}

function sidOf({ explain }: StatementAnalysis): string {
  return explain.identifier;
}
