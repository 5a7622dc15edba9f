import type { ExecutorContext } from '../../executor-context.ts';
import { explainScriptFailure } from '../end/explain-script-failure.ts';
import { summarizeTask } from '../end/summarize-task.ts';
import { createJobLog } from '../job-log.ts';
import type { JobSession } from '../job-session.ts';
import { reportDeath, unreportedDeaths } from './service-deaths.ts';

/** GitLab's stages that run the user's scripts. */
const USERS_STAGE = /^(build_script|step_.*|after_script)$/;
/** The stage of the job's own script. What follows it, such as `after_script`, does not change the job's result. */
const SCRIPT_STAGE = 'build_script';
/** The last of a job's stages. */
const LAST_STAGE = 'cleanup_file_variables';

/** A stage that has ended, and how. */
export interface EndedStage {
  name: string;
  exitCode: number;
}

/** A failed stage before the script may be retried by the runner; the script then decides. What follows it changes nothing. */
function noteScriptEnd(session: JobSession, { name, exitCode }: EndedStage): void {
  if (name === SCRIPT_STAGE) session.scriptEnd = exitCode === 0 ? 'succeeded' : 'failed';
  else if (exitCode !== 0) session.scriptEnd ??= 'failed';
}

/** Lines for the job log after a stage: services that died, causes that a failed script cannot see, and finally the cost. */
export async function afterStage(
  context: ExecutorContext,
  session: JobSession,
  stage: EndedStage,
): Promise<string[]> {
  const lines: string[] = [];
  const log = createJobLog((line) => void lines.push(line));
  if (stage.name === SCRIPT_STAGE) context.ahead?.scriptEnded(session.id, stage.exitCode === 0);
  noteScriptEnd(session, stage);
  const isFailure = stage.exitCode !== 0 && USERS_STAGE.test(stage.name);
  if (isFailure) {
    for (const line of await explainScriptFailure(session)) log.warn([line]);
    // The script may have failed because a service ended within the last poll interval.
    if (session.services.length > 0) await context.watcher.poll();
  }
  for (const service of unreportedDeaths(session)) {
    log.warn((await reportDeath(context, session, service)).lines);
  }
  if (stage.name === LAST_STAGE) for (const line of summarizeTask(context, session)) log.info(line);
  return lines;
}
