import type { IncomingHttpHeaders } from 'node:http';

/** The head of a request. */
export interface RequestHead {
  method: string;
  /** Path and query, unchanged. */
  url: string;
  headers: IncomingHttpHeaders;
}

/** A request in terms of the called service. Rules match calls, and `CallRecord` records them. */
export interface Call {
  /** IAM service prefix, such as `ecs`, `ssm` or `events`; `gitlab` for GitLab. */
  service: string;
  /** For example `RunTask`; for GitLab an operation of `gitlab-dialect.ts`, such as `jobs/request`. */
  operation: string;
  /** Name of the caller if known, otherwise its access key; empty if the request contains neither. */
  caller: string;
  method: string;
  url: string;
  /** The request's parameters; empty if the proxy does not parse its protocol. */
  parameters: Readonly<Record<string, unknown>>;
  /** Format of an error response to this call. */
  protocol: WireProtocol;
}

/** Formats of error responses: AWS JSON 1.0 and 1.1, AWS REST-JSON, AWS Query (XML), and GitLab's JSON. */
export type WireProtocol = 'aws-json' | 'aws-rest' | 'aws-query' | 'gitlab';

/** A complete response. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** Parses requests of one API into calls. */
export interface Dialect {
  /** Whether `name` needs the request's body; otherwise the body is streamed. */
  readsBody(head: RequestHead): boolean;
  name(head: RequestHead, body: Buffer | undefined): Call;
}
