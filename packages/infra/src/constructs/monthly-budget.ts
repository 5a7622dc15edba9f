import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { Construct } from 'constructs';
import { knownRegion, REGIONS_WITHOUT_BUDGETS } from './regions.ts';

/** An AWS budget of the whole account. */
export interface BudgetProps {
  /** USD a month. */
  readonly monthlyUsd: number;
  /** Address to notify. */
  readonly email?: string;
  /** SNS topic to notify; its policy must let `budgets.amazonaws.com` publish. */
  readonly topicArn?: string;
}

/** A budget has no recipient. */
export class SilentBudgetError extends Error {
  override readonly name = 'SilentBudgetError';
}

/** The region's CloudFormation has no budgets. */
export class NoBudgetsInRegionError extends Error {
  override readonly name = 'NoBudgetsInRegionError';
}

/** Percent of the amount, actual or forecast, at which the recipients are notified. */
const NOTIFICATIONS = [
  { notificationType: 'ACTUAL', threshold: 80 },
  { notificationType: 'ACTUAL', threshold: 100 },
  { notificationType: 'FORECASTED', threshold: 100 },
] as const;

/**
 * Notifies when the account's monthly bill exceeds an amount. It stops nothing, and AWS updates it some three times a day.
 * @see https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-managing-costs.html
 */
export class MonthlyBudget extends Construct {
  /**
   * @throws {SilentBudgetError} if there is neither address nor topic
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
        'the budget has no recipient: set its email, or an SNS topic (alarmTopicArn)',
      );
    const region = knownRegion(this);
    if (region !== undefined && REGIONS_WITHOUT_BUDGETS.includes(region))
      throw new NoBudgetsInRegionError(
        `CloudFormation has no budgets in ${region}: omit "budget", and create one in the Billing console, which covers all regions`,
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
