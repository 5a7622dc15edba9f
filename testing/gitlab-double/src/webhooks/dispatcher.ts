import { randomUUID } from 'node:crypto';
import type { GitLabEvent } from '../events.ts';
import type { Instance } from '../instance.ts';
import type { Job } from '../model/pipeline.ts';
import { afterDelivery, HEALTHY, isDisabled, isSuccess } from './health.ts';
import { JOB_HOOK_STATUSES, jobHook } from './job-hook.ts';
import { pipelineHook } from './pipeline-hook.ts';
import { deliveryHeaders, post } from './request.ts';
import { Semaphore } from './semaphore.ts';
import type { Webhook, WebhookDefinition, WebhookDelivery } from './webhook.ts';

/** An event to send: its type, its project, and the body at the time of the event. */
interface Notification {
  event: WebhookDelivery['event'];
  projectId: number;
  body: string;
}

export function addWebhook(instance: Instance, definition: WebhookDefinition): Webhook {
  const webhook: Webhook = {
    id: instance.nextId('webhook'),
    uuid: randomUUID(),
    url: definition.url,
    token: definition.token ?? null,
    signingToken: definition.signingToken ?? null,
    projectId: definition.projectId ?? null,
    group: definition.group ?? null,
    events: { job: definition.events?.job ?? true, pipeline: definition.events?.pipeline ?? true },
    customHeaders: definition.customHeaders ?? {},
    health: HEALTHY,
  };
  instance.webhooks.set(webhook.id, webhook);
  return webhook;
}

/** Sends webhooks for events, each once and concurrently: GitLab neither keeps their order nor redelivers. */
export class WebhookDispatcher {
  readonly #instance: Instance;
  readonly #pending = new Set<Promise<unknown>>();
  readonly #unsubscribe: () => void;
  readonly #semaphore: Semaphore;

  /** @param concurrentDeliveries GitLab: the number of Sidekiq threads */
  constructor(instance: Instance, concurrentDeliveries: number) {
    this.#instance = instance;
    this.#semaphore = new Semaphore(concurrentDeliveries);
    this.#unsubscribe = instance.hub.subscribe((event) => {
      const notification = notificationOf(instance, event);
      if (notification) this.#sendAll(notification);
    });
  }

  /** Resolves when all started deliveries have completed. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  /** Sends nothing more and waits for started deliveries. */
  async stop(): Promise<void> {
    this.#unsubscribe();
    await this.settled();
  }

  #sendAll(notification: Notification): void {
    const kind = notification.event === 'Job Hook' ? 'job' : 'pipeline';
    const eventUuid = randomUUID();
    for (const webhook of this.#instance.webhooks.values()) {
      if (!isInScope(this.#instance, webhook, notification.projectId) || !webhook.events[kind]) continue;
      const sending = this.#semaphore.run(() => deliver(this.#instance, webhook, notification, eventUuid));
      this.#pending.add(sending);
      sending.finally(() => this.#pending.delete(sending));
    }
  }
}

function isInScope(instance: Instance, { projectId, group }: Webhook, of: number): boolean {
  if (projectId !== null) return projectId === of;
  const namespace = instance.projects.get(of)?.namespace ?? '';
  return group === null || `${namespace}/`.startsWith(`${group}/`);
}

/** Sends the newest job of a project, as GitLab's "Test" does, and returns what the receiver answered. */
export async function testWebhook(instance: Instance, webhook: Webhook, job: Job): Promise<WebhookDelivery> {
  const body = JSON.stringify(jobHook(instance, job));
  const notification: Notification = { event: 'Job Hook', projectId: job.pipeline.project.id, body };
  return deliver(instance, webhook, notification, randomUUID());
}

function notificationOf(instance: Instance, event: GitLabEvent): Notification | null {
  if (event.type === 'job-status' && JOB_HOOK_STATUSES.includes(event.to)) {
    const body = JSON.stringify(jobHook(instance, event.job));
    return { event: 'Job Hook', projectId: event.job.pipeline.project.id, body };
  }
  if (event.type === 'pipeline-status') {
    const body = JSON.stringify(pipelineHook(instance, event.pipeline));
    return { event: 'Pipeline Hook', projectId: event.pipeline.project.id, body };
  }
  return null;
}

async function deliver(
  instance: Instance,
  webhook: Webhook,
  { event, body }: Notification,
  eventUuid: string,
): Promise<WebhookDelivery> {
  const at = instance.now();
  const instanceUrl = instance.settings.externalUrl;
  const headers = deliveryHeaders(webhook, { event, eventUuid, instanceUrl, body, at });
  const record = {
    webhookId: webhook.id,
    event,
    url: webhook.url,
    at,
    requestHeaders: headers,
    requestBody: body,
  };
  const answer = isDisabled(webhook.health, at.getTime())
    ? { outcome: 'skipped' as const, status: null, responseBody: null, error: 'the webhook is disabled' }
    : await attempt(webhook, { headers, body, reach: instance.settings.reachableUrl });
  const now = instance.now();
  if (answer.outcome !== 'skipped') {
    webhook.health = afterDelivery(webhook.health, isSuccess(answer.status), now.getTime());
  }
  const delivery: WebhookDelivery = { ...record, ...answer, ms: now.getTime() - at.getTime() };
  instance.deliveries.push(delivery);
  instance.hub.publish({ type: 'webhook-delivery', at: now, delivery });
  return delivery;
}

type Answer = Pick<WebhookDelivery, 'outcome' | 'status' | 'responseBody' | 'error'>;

async function attempt(
  webhook: Webhook,
  { headers, body, reach }: { headers: Record<string, string>; body: string; reach: (url: string) => string },
): Promise<Answer> {
  try {
    const { status, body: responseBody } = await post(reach(webhook.url), headers, body);
    return { outcome: 'answered', status, responseBody, error: null };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { outcome: 'failed', status: null, responseBody: null, error: message };
  }
}
