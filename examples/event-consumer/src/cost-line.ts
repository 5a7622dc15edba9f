import type { ReadDetail } from '@serverless-gitlab-runner/shared-events';

/** The cost of a job as a CSV line: time, project, job, image, seconds, USD. */
export function costLine(detail: ReadDetail<'JobTaskFinished'>): string {
  const { occurredAt, projectPath, projectId, jobName, image, seconds, estimatedCostUsd } = detail;
  const project = projectPath ?? String(projectId);
  const fields = [occurredAt, project, jobName, image, seconds.toFixed(1), estimatedCostUsd.toFixed(6)];
  return fields.map(quoteIfNeeded).join(',');
}

/** @see https://www.rfc-editor.org/rfc/rfc4180 */
function quoteIfNeeded(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
