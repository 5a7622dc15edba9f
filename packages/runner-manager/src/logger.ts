import { Logger, type LogItem } from '@aws-lambda-powertools/logger';
import type {
  ConstructorOptions,
  LogItemExtraInput,
  LogItemMessage,
} from '@aws-lambda-powertools/logger/types';
import type { LogLevel } from './environment.ts';
import { messageOf } from './errors.ts';

/**
 * Creates the logger that the Lambdas use too, so that one query reads all logs. It writes one JSON line per event or
 * decision.
 * @param write takes a line without its end. Default: standard output, which ECS's log driver reads
 */
export function createLogger(logLevel: LogLevel, write: (line: string) => void = writeToOutput): Logger {
  // A closure over `write`, not a field: Powertools may log in its constructor, before a subclass has fields.
  class ManagerLogger extends Logger {
    protected override createLogger(options?: ConstructorOptions): Logger {
      return new ManagerLogger(options);
    }

    /** Omits fields that cannot be serialized: a manager with jobs must not fail because of a log line. */
    protected override processLogItem(
      level: number,
      message: LogItemMessage,
      fields: LogItemExtraInput,
    ): void {
      try {
        super.processLogItem(level, message, fields);
      } catch (error) {
        super.processLogItem(level, message, [{ fieldsOmitted: messageOf(error) }]);
      }
    }

    /** Writes all levels to one stream, which keeps their order. Powertools would split them between two. */
    protected override printLog(_level: number, item: LogItem): void {
      item.prepareForPrint();
      write(JSON.stringify(item.getAttributes(), this.getJsonReplacer()));
    }
  }
  return new ManagerLogger({ serviceName: 'runner-manager', logLevel });
}

function writeToOutput(line: string): void {
  // If the output is closed, console.log ignores only the first error; the next would end the manager with its jobs.
  if (process.stdout.listenerCount('error') === 0) process.stdout.on('error', () => {});
  console.log(line);
}
