/** Lines for the job log that planning adds. A refusal is no diagnostic: it ends the planning (`JobRefusedError`). */
export interface PlanDiagnostics {
  notes: string[];
}
