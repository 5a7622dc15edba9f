/** A webhook of one project, or of all (like a system or group hook), with its health. */
export interface Webhook {
  id: number;
  uuid: string;
  url: string;
  /** Sent in plain text as `X-Gitlab-Token`. */
  token: string | null;
  /** `whsec_` and the key in base64: deliveries are signed as defined by Standard Webhooks. */
  signingToken: string | null;
  /** Null: events of all projects, or of those of `group`. */
  projectId: number | null;
  /** Path of the group whose projects' events a group hook gets; null for any other hook. */
  group: string | null;
  events: { job: boolean; pipeline: boolean };
  /** GitLab's "custom headers". `Host` is allowed here, to reach a function URL at a different address. */
  customHeaders: Readonly<Record<string, string>>;
  health: WebhookHealth;
}

/** GitLab's record of failures (`recent_failures`, `disabled_until`). */
export interface WebhookHealth {
  failures: number;
  /** Milliseconds since 1970; 0 if not disabled, Infinity if disabled permanently. */
  disabledUntil: number;
}

export interface WebhookDelivery {
  webhookId: number;
  event: 'Job Hook' | 'Pipeline Hook';
  url: string;
  at: Date;
  requestHeaders: Readonly<Record<string, string>>;
  requestBody: string;
  /** `skipped`: the webhook was disabled. `failed`: no response in time. */
  outcome: 'answered' | 'failed' | 'skipped';
  /** Status of the response; null without one. */
  status: number | null;
  responseBody: string | null;
  error: string | null;
  /** Milliseconds until the response was complete. */
  ms: number;
}

export interface WebhookDefinition {
  url: string;
  token?: string;
  signingToken?: string;
  projectId?: number;
  group?: string;
  /** Default: both. */
  events?: { job?: boolean; pipeline?: boolean };
  customHeaders?: Readonly<Record<string, string>>;
}
