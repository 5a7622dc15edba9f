import type { RuleKeywords, VariableKeywords } from '../keywords.ts';
import { type ConditionVariables, evaluateExpression } from './evaluate-expression.ts';

/** What the first matching rule says of a job. */
export interface MatchedRule {
  when: RuleKeywords['when'];
  allowFailure: boolean | undefined;
  variables: VariableKeywords;
}

/** The first rule that matches. Undefined: none does, or it says `when: never`; the job is not part of the pipeline. */
export function evaluateRules(
  rules: readonly RuleKeywords[],
  variables: ConditionVariables,
): MatchedRule | undefined {
  const rule = rules.find(
    ({ if: condition }) => condition === undefined || evaluateExpression(condition, variables),
  );
  if (rule === undefined || rule.when === 'never') return undefined;
  return { when: rule.when, allowFailure: rule.allow_failure, variables: rule.variables };
}
