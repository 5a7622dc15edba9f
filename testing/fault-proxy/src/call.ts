import type { IncomingHttpHeaders } from 'node:http';

/** What the proxy has of a request before it forwards it. */
export interface RequestHead {
  method: string;
  /** Path with its query, as it came. */
  url: string;
  headers: IncomingHttpHeaders;
}

/** A request, named as the service that it goes to names it. Rules match on this, and the record keeps it. */
export interface Call {
  /** As in IAM: `ecs`, `ssm`, `events`; `gitlab` for GitLab. */
  service: string;
  /** `RunTask`, `PutEvents`; for GitLab a route of `gitlab-call.ts`, `jobs/request` for example. */
  operation: string;
  /** Who calls: a name given to the proxy, else the access key; empty when the request does not tell. */
  caller: string;
  method: string;
  url: string;
  /** The request's parameters, where the proxy understands its protocol. */
  parameters: Readonly<Record<string, unknown>>;
  /** How the service words an error of this call. */
  protocol: WireProtocol;
}

/** Wire shapes of errors: AWS JSON 1.0 and 1.1, AWS REST-JSON, AWS Query (XML), and GitLab's plain JSON. */
export type WireProtocol = 'aws-json' | 'aws-rest' | 'aws-query' | 'gitlab';

/** An answer that is complete. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** Names requests, and says whether it needs their bodies for that. */
export interface Dialect {
  /** Whether the body must be read before the request can be named; others are streamed through. */
  readsBody(head: RequestHead): boolean;
  name(head: RequestHead, body: Buffer | undefined): Call;
}
