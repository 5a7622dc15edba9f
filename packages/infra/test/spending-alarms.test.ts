import { describe, expect, it } from 'vitest';
import { SilentBudgetError } from '../src/index.ts';
import { stackOf } from './support/synthesise.ts';

const MIB = 1024 ** 2;
const TOPIC = 'arn:aws:sns:eu-west-1:111122223333:on-call';

describe('what jobs can make the account spend', () => {
  it('rings by the bytes logged in an hour, of managers and of each fleet', () => {
    const template = stackOf('shared', {
      fleets: [{ name: 'default' }, { name: 'large' }],
      loggedMibAlarm: '50',
      alarmTopicArn: TOPIC,
    });
    const alarms = template.findResources('AWS::CloudWatch::Alarm', {
      Properties: {
        Namespace: 'AWS/Logs',
        MetricName: 'IncomingBytes',
        Statistic: 'Sum',
        Period: 3600,
        Threshold: 50 * MIB,
        AlarmActions: [TOPIC],
      },
    });
    const groups = Object.values(alarms).map(({ Properties }) => Properties.Dimensions[0].Value.Ref);
    const made = template.findResources('AWS::Logs::LogGroup');
    expect(groups.toSorted()).toEqual(Object.keys(made).sort());
    expect(groups).toHaveLength(3);
  });

  it('rings by the size of a bucket that is made, and of no other', () => {
    const ofSize = { MetricName: 'BucketSizeBytes' };
    stackOf('shared', { cache: { sizeAlarmGib: 7 } }).hasResourceProperties('AWS::CloudWatch::Alarm', {
      ...ofSize,
      Threshold: 7 * 1024 * MIB,
      Period: 86_400,
    });
    const elsewhere = stackOf('shared', { cache: { bucketName: 'our-caches' } });
    elsewhere.resourcePropertiesCountIs('AWS::CloudWatch::Alarm', ofSize, 0);
  });
});

describe('a budget', () => {
  it('is made only where an amount is given', () => {
    stackOf('shared').resourceCountIs('AWS::Budgets::Budget', 0);
  });

  it.each([
    ['its address', { budget: { monthlyUsd: 200, email: 'ops@example.com' } }, ['EMAIL ops@example.com']],
    ['the topic of the alarms', { budget: { monthlyUsd: 200 }, alarmTopicArn: TOPIC }, [`SNS ${TOPIC}`]],
  ])('tells %s', (_, context, expected) => {
    const template = stackOf('shared', context);
    template.hasResourceProperties('AWS::Budgets::Budget', {
      Budget: { BudgetType: 'COST', TimeUnit: 'MONTHLY', BudgetLimit: { Amount: 200, Unit: 'USD' } },
    });
    const budgets = Object.values(template.findResources('AWS::Budgets::Budget'));
    const notifications = budgets.flatMap(({ Properties }) => Properties.NotificationsWithSubscribers);
    expect(notifications).toHaveLength(3);
    for (const { Subscribers } of notifications) {
      const told = Subscribers.map(
        ({ SubscriptionType, Address }: Record<string, string>) => `${SubscriptionType} ${Address}`,
      );
      expect(told).toEqual(expected);
    }
  });

  it('that would tell nobody is refused', () => {
    expect(() => stackOf('shared', { budget: { monthlyUsd: 200 } })).toThrow(SilentBudgetError);
  });
});
