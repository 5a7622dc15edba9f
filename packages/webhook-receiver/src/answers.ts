import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

/** What the function URL sends back. */
export type Answer = APIGatewayProxyStructuredResultV2 & { statusCode: number };

/** Authentic, but nothing that anybody here uses. */
export const nothingForUs: Answer = { statusCode: 204 };

/** Tells nothing about why. */
export const unauthorized: Answer = json(401, { error: 'unauthorized' });

export const methodNotAllowed: Answer = json(405, { error: 'method: expected POST' }, { allow: 'POST' });

export const unknownFleet: Answer = json(404, { error: 'fleet: there is no such fleet' });

export const tooLarge: Answer = json(413, { error: 'body: larger than 1 MiB' });

/** Nothing of this webhook is on the bus, or nobody knows. */
export const unavailable: Answer = json(503, { error: 'unavailable: the event was not published' });

/** @param id of the event on the bus */
export function accepted(id: string): Answer {
  return json(202, { id });
}

/** @param message names the field first, and never repeats a value */
export function badRequest(message: string): Answer {
  return json(400, { error: message });
}

function json(statusCode: number, body: object, headers: Record<string, string> = {}): Answer {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
}
