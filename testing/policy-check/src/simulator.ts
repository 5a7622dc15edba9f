/** Evaluates policies with https://github.com/cloud-copilot/iam-simulate. For tests and reports only; it is not deployed. */
import {
  type RequestAnalysis,
  runSimulation,
  runUnsafeSimulation,
  type Simulation,
} from '@cloud-copilot/iam-simulate';
import { ACCOUNT } from './arns.ts';
import type { Role } from './installation.ts';
import type { Need } from './needs/need.ts';

/** Whether a role's policies allow an action, and by which statements, or why not. */
export type Decision = { isAllowed: true; grantedBy: string[] } | { isAllowed: false; why: string };

type StatementAnalysis = NonNullable<RequestAnalysis['identityAnalysis']>['allowStatements'][number];

/** Evaluates a role's policies. Context keys that AWS does not define for the action are an error here, so they refuse it. */
export async function decideAccess(need: Need, role: Role): Promise<Decision> {
  const simulation = simulationOf(need, role);
  if (need.isUnlisted) return decideUnlisted(need, simulation, role);
  const answer = await runSimulation(simulation, {});
  if (answer.resultType === 'error') return refused(`cannot be evaluated: ${answer.errors.message}`);
  const results = answer.resultType === 'single' ? [answer.result] : answer.results;
  const unknown = results.flatMap(({ ignoredContextKeys = [] }) => ignoredContextKeys);
  if (unknown.length > 0)
    return refused(`cannot be evaluated: ${need.action} has no condition key ${unknown.join(', ')}`);
  if (answer.overallResult !== 'Allowed') {
    return refused(results.map(({ analysis }) => whyNot(analysis, need.action)).join('; '));
  }
  const grants = results.flatMap(({ analysis }) => analysis.identityAnalysis?.allowStatements ?? []);
  return { isAllowed: true, grantedBy: grants.map(sidOf) };
}

/** Without the check against AWS's list the evaluator returns no analysis, so each statement is also evaluated alone. */
function decideUnlisted({ isGrantedByResource }: Need, simulation: Simulation, role: Role): Decision {
  const result = runUnsafeSimulation(simulation, {});
  const matching = role.statements
    .filter((statement) => {
      return runUnsafeSimulation({ ...simulation, identityPolicies: policies([statement]) }, {}) === result;
    })
    .map(({ Sid }) => Sid);
  if (result === 'Allowed') return { isAllowed: true, grantedBy: matching };
  if (result === 'ExplicitlyDenied') return refused(`denied by ${matching.join(', ')}`);
  return isGrantedByResource
    ? { isAllowed: true, grantedBy: [] }
    : refused('no statement grants it under these conditions');
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
  const candidates = (identityAnalysis?.unmatchedStatements ?? []).filter(
    ({ actionMatch, explain }) => actionMatch && explain.effect === 'Allow',
  );
  if (candidates.length === 0) return `no statement grants ${action}`;
  return candidates.map((statement) => `${sidOf(statement)} ${mismatch(statement)}`).join('; ');
}

function mismatch({ resourceMatch, explain }: StatementAnalysis): string {
  if (!resourceMatch) return 'grants it on other resources';
  const failed = (explain.conditions ?? []).filter(({ matches }) => !matches);
  return `requires ${failed.map(({ conditionKeyValue, operator }) => `${operator} ${conditionKeyValue}`).join(', ')}`;
}

function sidOf({ explain }: StatementAnalysis): string {
  return explain.identifier;
}
