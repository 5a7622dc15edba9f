import { readEnvironment } from './environment.ts';
import { messageOf } from './errors.ts';
import { createLogger } from './logger.ts';
import { createAwsClients } from './manager/aws-clients.ts';
import { runManager } from './manager/run-manager.ts';

/** The manager's container runs this: see `runManager`. SIGTERM is how ECS stops a task, SIGINT how a person does. */
async function main(): Promise<number> {
  const stop = new AbortController();
  process.on('SIGTERM', () => stop.abort());
  process.on('SIGINT', () => stop.abort());
  const environment = readEnvironment(process.env);
  return runManager(environment, createAwsClients(), createLogger(environment.logLevel), stop.signal);
}

// By `exit`: hooks of a runner that was killed may keep their requests open, and a manager that has left must not look to the
// launcher as if it still took jobs.
try {
  process.exit(await main());
} catch (error) {
  createLogger('ERROR').error('the manager cannot run', { error: messageOf(error) });
  process.exit(1);
}
