import * as z from 'zod';

/** What is judged of a recorded call; `RecordedCalls` of the fault proxy has all of it. */
const recordedCallSchema = z.object({
  caller: z.string(),
  service: z.string(),
  operation: z.string(),
  /** Parameters that name resources and conditions, as the proxy keeps them. */
  parameters: z.record(z.string(), z.unknown()),
  /** How many calls like it there were. */
  calls: z.number(),
});

export type RecordedCall = z.infer<typeof recordedCallSchema>;

const recordingSchema = z.object({
  /** ARNs of the Lambdas' roles as they were deployed, by service. */
  roles: z.record(z.string(), z.string()),
  calls: z.array(recordedCallSchema),
});

/** What one installation was recorded to call. */
export type Recording = z.infer<typeof recordingSchema>;

/**
 * Reads what `npm run faults` writes to `reports/aws-calls.json`: a recording for each of its installations.
 * @throws {z.ZodError} when it is none
 */
export function parseRecordings(json: string): Recording[] {
  return z.array(recordingSchema).parse(JSON.parse(json));
}
