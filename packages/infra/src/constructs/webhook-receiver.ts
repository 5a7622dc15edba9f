import { Duration } from 'aws-cdk-lib';
import type { IAlarmAction } from 'aws-cdk-lib/aws-cloudwatch';
import { type IGrantable, type IPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as Lambda } from 'aws-cdk-lib/aws-lambda';
import { FilterPattern } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { decryptOnly, listFleets, parameterArns, putEvents, readParameters } from '../policies/statements.ts';
import type { Installation } from './installation.ts';
import { ServiceAlarms } from './service-alarms.ts';
import { ServiceFunction, type ServiceOptions } from './service-function.ts';
import { endpointOfRegion, openEndpoint, type WebhookEndpoint } from './webhook-endpoint.ts';

export interface WebhookReceiverProps extends ServiceOptions {
  readonly installation: Installation;
  /** Endpoint of GitLab's webhooks. @default a function URL, or an HTTP API in regions without function URLs */
  readonly endpoint?: WebhookEndpoint;
  /** Actions of the alarms. @default none: alarms are only visible in CloudWatch */
  readonly alarmActions?: readonly IAlarmAction[];
}

/** The function answers within 8 s, since GitLab waits 10 s; the rest is for a cold start. */
const TIMEOUT = Duration.seconds(15);
/** The current and previous secrets of every fleet. */
const WEBHOOK_SECRETS = ['fleets/*/webhook-secret*', 'fleets/*/signing-token*'];

/** The Lambda behind the URL that GitLab's webhooks call. */
export class WebhookReceiver extends Construct implements IGrantable {
  readonly function: Lambda;
  /** The function's role, for permissions such as decryption with a key of your own. */
  readonly grantPrincipal: IPrincipal;
  /** The webhook's URL, with a trailing slash and without the query. */
  readonly url: string;

  constructor(
    scope: Construct,
    id: string,
    { installation, endpoint, alarmActions, ...options }: WebhookReceiverProps,
  ) {
    super(scope, id);
    const { parameterPrefix, eventBusArn, eventBusName } = installation;
    const { function: receiver } = new ServiceFunction(this, 'Service', {
      service: 'webhook-receiver',
      parameterPrefix,
      description: 'GitLab webhook in, JobQueued and JobFinished out',
      timeout: TIMEOUT,
      environment: { EVENT_BUS_NAME: eventBusName, PARAMETER_PREFIX: parameterPrefix },
      statements: [
        listFleets(this, parameterPrefix),
        readParameters(this, parameterPrefix, ['ssm:GetParameters'], ['fleets/*/config', ...WEBHOOK_SECRETS]),
        decryptOnly(this, parameterPrefix, WEBHOOK_SECRETS),
        new PolicyStatement({
          sid: 'KeepWebhookRunnerTokens',
          // Read without decryption, for the date: a token still in use is written again before idle-reaper deletes it.
          actions: ['ssm:PutParameter', 'ssm:GetParameter'],
          resources: parameterArns(this, parameterPrefix, ['fleets/*/runner-tokens/*']),
        }),
        putEvents(eventBusArn),
      ],
      options,
    });
    this.function = receiver;
    this.grantPrincipal = receiver.grantPrincipal;
    this.url = openEndpoint(this, receiver, endpoint ?? endpointOfRegion(this));
    const alarms = new ServiceAlarms(this, 'Alarms', {
      service: 'webhook-receiver',
      parameterPrefix,
      actions: alarmActions,
    });
    alarms.functionErrors(receiver);
    alarms.loggedLines('RejectedWebhooks', {
      logGroup: receiver.logGroup,
      pattern: FilterPattern.numberValue('$.statusCode', '=', 401),
      // GitLab sends up to four webhooks for each job. A few may be a stranger's.
      threshold: 10,
      minutes: 15,
      description:
        "Webhooks are rejected: GitLab's secret is wrong, or somebody else calls the URL. Run `npx sgr doctor`",
    });
  }
}
