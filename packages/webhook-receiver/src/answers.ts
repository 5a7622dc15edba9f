import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

/** The response of the function URL. */
export type Answer = APIGatewayProxyStructuredResultV2 & { statusCode: number };

/** Authentic, but not an event that is used here. */
export const ignored: Answer = { statusCode: 204 };

/** Does not reveal the reason. */
export const unauthorized: Answer = json(401, { error: 'unauthorized' });

export const methodNotAllowed: Answer = json(405, { error: 'method: expected POST' }, { allow: 'POST' });

export const unknownFleet: Answer = json(404, { error: 'fleet: not found' });

export const tooLarge: Answer = json(413, { error: 'body: larger than 1 MiB' });

/** The event is not on the bus, or it is unknown whether it is. */
export const unavailable: Answer = json(503, { error: 'unavailable: the event was not published' });

/** @param id of the event on the bus */
export function accepted(id: string): Answer {
  return json(202, { id });
}

/** @param message starts with the field's name, and never repeats a value */
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
