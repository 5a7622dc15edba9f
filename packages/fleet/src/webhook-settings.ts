import { fleetNameSchema } from '@serverless-gitlab-runner/shared-events';
import * as z from 'zod';
import { parseDocument } from './parse-document.ts';

export const webhookSchema = z
  .object({
    /** How webhooks are authenticated: by GitLab's secret token, its signature, or either. Default `either`. */
    accepts: z.enum(['token', 'signature', 'either']).default('either'),
    /** Whether the webhook's query may contain a `runner_token`. Default false. */
    allowRunnerToken: z.boolean().default(false),
  })
  .prefault({});

export const gitlabUrlSchema = z.url({ protocol: /^https?$/ }).default('https://gitlab.com');

/** Of the document. */
export const versionSchema = z.literal(1);

/** The part of `fleetConfigSchema` that webhooks depend on. */
const webhookSettingsSchema = z.object({
  version: versionSchema,
  name: fleetNameSchema,
  gitlabUrl: gitlabUrlSchema,
  webhook: webhookSchema,
});

export type WebhookSettings = z.infer<typeof webhookSettingsSchema>;

/**
 * Parses only what a webhook depends on in a fleet's document. A mistake elsewhere must not refuse webhooks: GitLab does not send
 * them again, whereas the launcher keeps a job whose fleet is invalid until the document is corrected.
 * @param parameterName used in error messages, to name what to correct
 * @throws {InvalidFleetConfigError}
 */
export function parseWebhookSettings(parameterName: string, document: string): WebhookSettings {
  return parseDocument(webhookSettingsSchema, parameterName, document);
}
