/** The receiver's decisions, for tests and models. The Lambda's entry point is `handler.ts`. */
export { isAuthentic, type WebhookSecrets } from './authenticate.ts';
export { type JobHook, readJobHook } from './job-hook.ts';
export { type ReceiverDeps, receiveWebhook } from './receive-webhook.ts';
export { readWebhookRequest, type WebhookRequest } from './webhook-request.ts';
