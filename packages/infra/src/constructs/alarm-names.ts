import type { ServiceName } from '@serverless-gitlab-runner/fleet';

/** The alarms of each service. */
export const SERVICE_ALARMS = {
  'webhook-receiver': ['Errors', 'RejectedWebhooks'],
  'runner-launcher': ['Errors', 'DeadLetters', 'OldestMessage', 'RefusedTokens'],
  'idle-reaper': ['Errors', 'DeadLetters'],
} as const satisfies Readonly<Record<ServiceName, readonly string[]>>;

export type AlarmId = (typeof SERVICE_ALARMS)[ServiceName][number];

/**
 * Name of an alarm. Alarms have names of their own, so that the dashboard, in the shared stack, can show those of services
 * that are deployed later.
 */
export function serviceAlarmName(parameterPrefix: string, service: ServiceName, id: AlarmId): string {
  return alarmName(parameterPrefix, `${service}-${id}`);
}

/** Name of an alarm of the shared stack. */
export function alarmName(parameterPrefix: string, id: string): string {
  return `${installationName(parameterPrefix)}-${id}`;
}

/** `/serverless-gitlab-runner` becomes `serverless-gitlab-runner`, because people and other consumers read these names. */
export function installationName(parameterPrefix: string): string {
  return parameterPrefix.slice(1).replaceAll('/', '-');
}
