import * as z from 'zod';

/** The evaluated fields of the fault proxy's `RecordedCalls`. */
const recordedCallSchema = z.object({
  caller: z.string(),
  service: z.string(),
  operation: z.string(),
  /** Parameters that identify resources and condition values, as recorded by the proxy. */
  parameters: z.record(z.string(), z.unknown()),
  /** Number of equivalent calls. */
  calls: z.number(),
});

export type RecordedCall = z.infer<typeof recordedCallSchema>;

const recordingSchema = z.object({
  /** ARNs of the Lambdas' deployed roles, by service. */
  roles: z.record(z.string(), z.string()),
  calls: z.array(recordedCallSchema),
});

/** Recorded calls of one installation. */
export type Recording = z.infer<typeof recordingSchema>;

/**
 * Parses `reports/aws-calls.json`, as written by `npm run faults`: one recording per installation.
 * @throws {z.ZodError} if invalid
 */
export function parseRecordings(json: string): Recording[] {
  return z.array(recordingSchema).parse(JSON.parse(json));
}
