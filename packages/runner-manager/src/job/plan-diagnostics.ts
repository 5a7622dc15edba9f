/** What planning found besides the plan: lines for the job log. What refuses a job ends the planning (`JobRefusedError`). */
export interface PlanDiagnostics {
  notes: string[];
}
