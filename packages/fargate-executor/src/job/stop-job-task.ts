import { type ECSClient, InvalidParameterException, StopTaskCommand } from '@aws-sdk/client-ecs';

/** Longest `reason` that StopTask takes. */
const MOST_REASON_CHARACTERS = 255;

/** Stops a task; one that is not there any more is no error. @throws what AWS answers otherwise, after retries */
export async function stopTask(ecs: ECSClient, cluster: string, task: string, reason: string): Promise<void> {
  try {
    await ecs.send(new StopTaskCommand({ cluster, task, reason: reason.slice(0, MOST_REASON_CHARACTERS) }));
  } catch (error) {
    // "The referenced task was not found."
    if (!(error instanceof InvalidParameterException)) throw error;
  }
}
