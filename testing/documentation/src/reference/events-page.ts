import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from '@serverless-gitlab-runner/machine';
import { eventNames } from '@serverless-gitlab-runner/shared-events';
import * as z from 'zod';
import { page, table } from '../markdown.ts';

/** What the page shows of an event's JSON Schema. */
const schemaSchema = z.object({
  description: z.string(),
  required: z.array(z.string()),
  properties: z.record(
    z.string(),
    z.object({ description: z.string().optional(), type: z.string().optional() }),
  ),
});

/** Fields that every event has, described once. */
const COMMON = ['version', 'fleet', 'occurredAt'];

/** Every event on the bus with its fields. */
export function renderEventsPage(): string {
  const introduction = [
    'The `detail` of each event on the bus `serverless-gitlab-runner`; `source` is always `serverless-gitlab-runner`, and',
    '`detail-type` is the name of the event. [Events](../events.md) shows how to read them. The JSON Schemas are in the package',
    '`@serverless-gitlab-runner/shared-events`, under `schemas/`.',
    '',
    `Every event has \`version\` (1), \`fleet\` (its name) and \`occurredAt\` (ISO 8601, UTC). Fields without "optional" are always there.`,
  ];
  const sections = eventNames.flatMap((name) => {
    const { description, properties, required } = readSchema(name);
    const rows = Object.entries(properties)
      .filter(([field]) => !COMMON.includes(field))
      .map(([field, { type, description: text = '' }]) => [
        `\`${field}\``,
        `${type ?? 'value'}${required.includes(field) ? '' : ', optional'}`,
        text,
      ]);
    return [`## ${name}`, '', description, '', ...table(['field', 'type', 'meaning'], rows), ''];
  });
  return page('Events', introduction, sections);
}

function readSchema(name: string) {
  const path = join(REPOSITORY_ROOT, `packages/shared-events/schemas/${name}.json`);
  return schemaSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
}
