import { readEnvironment } from './environment.ts';
import { messageOf } from './errors.ts';
import { createLogger } from './logger.ts';
import { createAwsClients } from './manager/aws-clients.ts';
import { runManager } from './manager/run-manager.ts';

/** Entry point of the manager's container; see `runManager`. ECS stops a task with SIGTERM, a terminal with SIGINT. */
async function main(): Promise<number> {
  const stop = new AbortController();
  process.on('SIGTERM', () => stop.abort());
  process.on('SIGINT', () => stop.abort());
  const environment = readEnvironment(process.env);
  const logger = createLogger(environment.logLevel);
  // A defect in serving one job must not end the others. Node ends the process by default.
  process.on('unhandledRejection', (error) =>
    logger.error('unhandled rejection', { error: messageOf(error) }),
  );
  return runManager(environment, createAwsClients(), logger, stop.signal);
}

// An explicit exit: hooks of a killed runner may keep their requests open, and while this process runs, the launcher assumes that
// the manager takes jobs.
main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    createLogger('ERROR').error('the manager failed', { error: messageOf(error) });
    process.exit(1);
  },
);
