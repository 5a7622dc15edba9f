import { describe, expect, it } from 'vitest';
import { SilentBudgetError } from '../src/index.ts';
import { stackOf } from './support/synthesise.ts';

const MIB = 1024 ** 2;
const TOPIC = 'arn:aws:sns:eu-west-1:111122223333:on-call';

describe('spending alarms', () => {
  it('cover the bytes logged in an hour, by managers and by each fleet', () => {
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

  it('cover the size of a new bucket, but not of an existing one', () => {
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
  it('is created only if an amount is given', () => {
    stackOf('shared').resourceCountIs('AWS::Budgets::Budget', 0);
  });

  it.each([
    ['its address', { budget: { monthlyUsd: 200, email: 'ops@example.com' } }, ['EMAIL ops@example.com']],
    ['the topic of the alarms', { budget: { monthlyUsd: 200 }, alarmTopicArn: TOPIC }, [`SNS ${TOPIC}`]],
  ])('notifies %s', (_, context, expected) => {
    const template = stackOf('shared', context);
    template.hasResourceProperties('AWS::Budgets::Budget', {
      Budget: { BudgetType: 'COST', TimeUnit: 'MONTHLY', BudgetLimit: { Amount: 200, Unit: 'USD' } },
    });
    const budgets = Object.values(template.findResources('AWS::Budgets::Budget'));
    const notifications = budgets.flatMap(({ Properties }) => Properties.NotificationsWithSubscribers);
    expect(notifications).toHaveLength(3);
    for (const { Subscribers } of notifications) {
      const notified = Subscribers.map(
        ({ SubscriptionType, Address }: Record<string, string>) => `${SubscriptionType} ${Address}`,
      );
      expect(notified).toEqual(expected);
    }
  });

  it('without a recipient is rejected', () => {
    expect(() => stackOf('shared', { budget: { monthlyUsd: 200 } })).toThrow(SilentBudgetError);
  });
});
