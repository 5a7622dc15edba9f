import type { LogLevel } from './environment.ts';

/** Writes one JSON line per event or decision. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Creates a logger that adds these fields to its lines. */
  child(fields: LogFields): Logger;
}

export type LogFields = Readonly<Record<string, unknown>>;

const ORDER: readonly LogLevel[] = ['DEBUG', 'INFO', 'WARN', 'ERROR'];

/** @param write takes a line without its end. Default: standard output, which ECS's log driver reads */
export function createLogger(level: LogLevel, write: (line: string) => void = console.log): Logger {
  return withFields(level, write, {});
}

function withFields(level: LogLevel, write: (line: string) => void, base: LogFields): Logger {
  const at = (own: LogLevel) => (message: string, fields?: LogFields) => {
    if (ORDER.indexOf(own) < ORDER.indexOf(level)) return;
    write(JSON.stringify({ level: own, time: new Date().toISOString(), message, ...base, ...fields }));
  };
  return {
    debug: at('DEBUG'),
    info: at('INFO'),
    warn: at('WARN'),
    error: at('ERROR'),
    child: (fields) => withFields(level, write, { ...base, ...fields }),
  };
}
