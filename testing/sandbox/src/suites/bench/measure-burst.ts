import type { WebhookDelivery } from '@serverless-gitlab-runner/gitlab-double';
import { type Log, step, until } from '@serverless-gitlab-runner/machine';
import { type BenchEnvironment, BURST_MANAGERS } from './bench-environment.ts';
import { type Figure, figureOf } from './figure.ts';

const WEBHOOKS = 1000;
/** Webhooks that are sent at a time. The emulator's Lambdas share the machine's cores. */
const SENDERS = 16;
const ARRIVE_TIMEOUT_MS = 120_000;
const MANAGERS_TIMEOUT_MS = 120_000;
/** Ids that no job of GitLab has. */
const FIRST_ID = 2_000_000;

/**
 * Sends the webhooks of many jobs as fast as the emulator takes them. The jobs do not exist in GitLab, so the managers find none.
 * Leaves messages and managers behind: nothing else can be measured afterwards.
 */
export async function measureBurst(environment: BenchEnvironment, log: Log): Promise<Figure[]> {
  const delivery = environment.jobWebhook();
  return step(log, `${WEBHOOKS} webhooks at once`, async () => {
    const tap = await environment.tapEvents();
    const start = Date.now();
    const accepted = await sendAll(delivery, environment.webhookUrl('burst'));
    const seconds = (Date.now() - start) / 1000;
    const arrived = new Set<unknown>();
    const readEvents = async () => {
      for (const { name, detail } of await tap.read())
        if (name === 'JobQueued' && Number(detail.jobId) >= FIRST_ID) arrived.add(detail.jobId);
      return arrived.size >= accepted || undefined;
    };
    // Whatever is lost is a figure, not an error.
    await until('the events', readEvents, ARRIVE_TIMEOUT_MS, 1000).catch(() => undefined);
    const managers = () => environment.managers('burst');
    await environment.waitForTasks(
      `${BURST_MANAGERS} managers`,
      () => managers().length >= BURST_MANAGERS,
      MANAGERS_TIMEOUT_MS,
    );
    const running = managers().filter(({ lastStatus }) => lastStatus !== 'STOPPED').length;
    if (running > BURST_MANAGERS) throw new Error(`${running} managers run, of at most ${BURST_MANAGERS}`);
    const created = managers().map(({ createdAt }) => (createdAt?.getTime() ?? Number.NaN) - start);
    return [
      figureOf({
        figure: `burst in the emulator: lost webhooks (${Math.round(WEBHOOKS / seconds)} a second were answered)`,
        unit: 'jobs',
        value: WEBHOOKS - arrived.size,
        baseline: WEBHOOKS,
        target: 0,
      }),
      figureOf({
        figure: `burst in the emulator: first webhook to ${BURST_MANAGERS} managers, to that of the first manager`,
        unit: 's',
        value: Math.max(...created) / 1000,
        baseline: Math.min(...created) / 1000,
      }),
    ];
  });
}

/** @returns how many were accepted */
async function sendAll(delivery: WebhookDelivery, url: string): Promise<number> {
  let next = 0;
  let accepted = 0;
  const sender = async () => {
    while (next < WEBHOOKS) {
      const number = next++;
      if (await send(delivery, url, number)) accepted += 1;
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  return accepted;
}

async function send({ requestHeaders, requestBody }: WebhookDelivery, url: string, number: number) {
  const body = { ...JSON.parse(requestBody), build_id: FIRST_ID + number };
  const { status } = await fetch(url, {
    method: 'POST',
    headers: { ...keptHeaders(requestHeaders), 'x-gitlab-event-uuid': `burst-${number}` },
    body: JSON.stringify(body),
  });
  return status === 202;
}

/** Without those that identify a delivery or a connection. */
function keptHeaders(headers: WebhookDelivery['requestHeaders']): Record<string, string> {
  const kept = /^(content-type|user-agent|x-gitlab-(event|token|instance))$/i;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => kept.test(name)));
}
