import { broken, type Finding, warning } from '../finding.ts';

/** A webhook that the receiver answered. */
export interface AnsweredWebhook {
  statusCode: number;
  fleet: string | undefined;
  decision: string | undefined;
  problem: string | undefined;
}

const IN_GITLAB = "in GitLab's Settings → Webhooks → Edit";

/** What GitLab's webhooks were answered within some hours. */
export function checkWebhooks(webhooks: readonly AnsweredWebhook[], hours: number): Finding[] {
  if (webhooks.length === 0)
    return [
      warning(
        'no-webhook',
        `No webhook has arrived within ${hours} h`,
        `Compare the URL with npx sgr next-steps, and see the recent events and whether GitLab has disabled it, ${IN_GITLAB}`,
      ),
    ];
  const of = (isMeant: (webhook: AnsweredWebhook) => boolean) => webhooks.filter(isMeant);
  const isJobHook = ({ decision }: AnsweredWebhook) => decision !== 'not a job hook';
  return [
    ...group(
      of(({ statusCode }) => statusCode === 401),
      (count) =>
        broken(
          'webhook-refused',
          `${count} got 401: the secret was wrong`,
          `Store the secret again, and enter it ${IN_GITLAB}: npx sgr next-steps`,
        ),
    ),
    ...group(
      of(({ statusCode }) => statusCode === 404),
      (count, { fleet }) =>
        broken(
          'webhook-for-unknown-fleet',
          `${count} got 404: ${fleet === undefined ? 'the URL names no valid fleet' : 'there is no such fleet'}`,
          `Correct "?fleet=" in the URL ${IN_GITLAB}, or add the fleet to cdk.json`,
        ),
    ),
    ...group(
      of(({ statusCode }) => statusCode === 400 || statusCode === 413),
      (count, { statusCode, problem, decision }) =>
        broken(
          'webhook-invalid',
          `${count} got ${statusCode}: ${problem ?? decision ?? 'no reason given'}`,
          `See what was sent ${IN_GITLAB} → Recent events`,
        ),
    ),
    ...group(
      of(({ statusCode }) => statusCode >= 500),
      (count, { statusCode, decision, problem }) =>
        broken(
          'receiver-failing',
          `${count} got ${statusCode}: ${problem ?? decision ?? 'see the log'}. GitLab disables a webhook after four errors`,
          'See the ERROR lines in the log of webhook-receiver. Jobs that wait can be retried in GitLab',
        ),
    ),
    ...(of(isJobHook).length > 0
      ? []
      : [
          broken(
            'webhook-of-other-events',
            'Webhooks arrive, but none of a job',
            `Select the trigger "Job events" ${IN_GITLAB}`,
          ),
        ]),
  ];
}

/** One finding for webhooks of one fleet with one problem. */
function group(
  webhooks: readonly AnsweredWebhook[],
  finding: (count: string, last: AnsweredWebhook) => Finding,
): Finding[] {
  const groups = Map.groupBy(webhooks, ({ fleet, problem, decision }) =>
    JSON.stringify([fleet, problem, decision]),
  );
  return [...groups.values()].flatMap((same) => {
    const last = same.at(-1);
    if (last === undefined) return [];
    const count = same.length === 1 ? '1 webhook' : `${same.length} webhooks`;
    return finding(last.fleet === undefined ? count : `${count} for fleet ${last.fleet}`, last);
  });
}
