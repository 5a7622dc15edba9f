/** What planning found besides the plan: lines for the job log, and lines for which the job is refused. */
export interface Findings {
  notes: string[];
  refusals: string[];
}
