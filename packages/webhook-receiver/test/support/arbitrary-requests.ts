import fc from 'fast-check';
import { pendingHook, SECRET } from './receiver.ts';

/** GitLab's example with some fields removed, changed or moved. */
export const mutatedHook = fc
  .record({
    changes: fc.dictionary(
      fc.constantFrom(...Object.keys(pendingHook), '__proto__', 'extra'),
      fc.jsonValue({ maxDepth: 3 }),
    ),
    removed: fc.subarray(Object.keys(pendingHook), { maxLength: 3 }),
    status: fc.constantFrom('pending', 'failed', 'success', 'created', 'canceled'),
  })
  .map(({ changes, removed, status }) => {
    const hook: Record<string, unknown> = { ...pendingHook, build_status: status, ...changes };
    for (const field of removed) delete hook[field];
    return hook;
  });

/** Headers that the receiver reads, with meaningful and meaningless values. */
export const oddHeaders = fc.dictionary(
  fc.constantFrom(
    'x-gitlab-token',
    'X-Gitlab-Token',
    'x-gitlab-event',
    'x-gitlab-instance',
    'webhook-id',
    'webhook-timestamp',
    'webhook-signature',
    'idempotency-key',
    'content-length',
  ),
  fc.oneof(
    fc.string(),
    fc.constant(SECRET),
    fc.constant('Job Hook'),
    fc.webUrl(),
    fc.integer(),
    fc.constant(null),
  ),
);
