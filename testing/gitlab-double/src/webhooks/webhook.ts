/** A webhook of a project (or of all, like a system or group hook), and how its deliveries have gone. */
export interface Webhook {
  id: number;
  uuid: string;
  url: string;
  /** Sent plain as `X-Gitlab-Token`. */
  token: string | null;
  /** `whsec_` and base64 of the key: deliveries are signed as Standard Webhooks has it. */
  signingToken: string | null;
  /** Null: every project's events. */
  projectId: number | null;
  events: { job: boolean; pipeline: boolean };
  /** GitLab's "custom headers"; `Host` is allowed here, to reach a function URL under another address. */
  customHeaders: Readonly<Record<string, string>>;
  health: WebhookHealth;
}

/** What GitLab remembers of failures (`recent_failures`, `disabled_until`). */
export interface WebhookHealth {
  failures: number;
  /** Milliseconds since the epoch; 0 when not disabled, Infinity when for good. */
  disabledUntil: number;
}

export interface WebhookDelivery {
  webhookId: number;
  event: 'Job Hook' | 'Pipeline Hook';
  url: string;
  at: Date;
  requestHeaders: Readonly<Record<string, string>>;
  requestBody: string;
  /** `skipped` when the webhook was disabled, `failed` without an answer in time. */
  outcome: 'answered' | 'failed' | 'skipped';
  /** The answer's status; null without one. */
  status: number | null;
  responseBody: string | null;
  error: string | null;
  /** Milliseconds until the answer was complete. */
  ms: number;
}

export interface WebhookDefinition {
  url: string;
  token?: string;
  signingToken?: string;
  projectId?: number;
  /** Default: both. */
  events?: { job?: boolean; pipeline?: boolean };
  customHeaders?: Readonly<Record<string, string>>;
}
