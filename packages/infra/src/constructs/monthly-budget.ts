import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { Construct } from 'constructs';
import { knownRegion, REGIONS_WITHOUT_BUDGETS } from './regions.ts';

/** An AWS budget of the whole account. */
export interface BudgetProps {
  /** USD a month. */
  readonly monthlyUsd: number;
  /** Address that is told. */
  readonly email?: string;
  /** SNS topic that is told; its policy must let `budgets.amazonaws.com` publish. */
  readonly topicArn?: string;
}

/** A budget would tell nobody. */
export class SilentBudgetError extends Error {
  override readonly name = 'SilentBudgetError';
}

/** The region's CloudFormation makes no budgets. */
export class NoBudgetsInRegionError extends Error {
  override readonly name = 'NoBudgetsInRegionError';
}

/** Percent of the amount, of what was spent or is forecast, from which somebody is told. */
const NOTIFICATIONS = [
  { notificationType: 'ACTUAL', threshold: 80 },
  { notificationType: 'ACTUAL', threshold: 100 },
  { notificationType: 'FORECASTED', threshold: 100 },
] as const;

/**
 * Tells when the account's bill of a month passes an amount. It stops nothing, and AWS updates it some three times a day.
 * @see https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-managing-costs.html
 */
export class MonthlyBudget extends Construct {
  /**
   * @throws {SilentBudgetError} when there is neither address nor topic
   * @throws {NoBudgetsInRegionError}
   */
  constructor(scope: Construct, id: string, { monthlyUsd, email, topicArn }: BudgetProps) {
    super(scope, id);
    const subscribers = [
      ...(email === undefined ? [] : [{ subscriptionType: 'EMAIL', address: email }]),
      ...(topicArn === undefined ? [] : [{ subscriptionType: 'SNS', address: topicArn }]),
    ];
    if (subscribers.length === 0)
      throw new SilentBudgetError(
        'the budget would tell nobody: give it an email, or an SNS topic (alarmTopicArn)',
      );
    const region = knownRegion(this);
    if (region !== undefined && REGIONS_WITHOUT_BUDGETS.includes(region))
      throw new NoBudgetsInRegionError(
        `CloudFormation makes no budgets in ${region}: leave "budget" out, and make one in the Billing console, which is for all regions`,
      );
    new CfnBudget(this, 'Budget', {
      budget: {
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: monthlyUsd, unit: 'USD' },
      },
      notificationsWithSubscribers: NOTIFICATIONS.map((notification) => ({
        notification: { ...notification, comparisonOperator: 'GREATER_THAN', thresholdType: 'PERCENTAGE' },
        subscribers,
      })),
    });
  }
}
