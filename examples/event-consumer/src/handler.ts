import { parseEvent } from '@serverless-gitlab-runner/shared-events';
import { costLine } from './cost-line.ts';

/**
 * Lambda handler for a rule with `{ "source": ["serverless-gitlab-runner"], "detail-type": ["JobTaskFinished"] }`: logs the cost
 * of each job as a CSV line, and returns the line.
 */
export async function handler(event: unknown): Promise<string | undefined> {
  const { name, detail } = parseEvent(event);
  if (name !== 'JobTaskFinished') return undefined;
  const line = costLine(detail);
  console.log(line);
  return line;
}
