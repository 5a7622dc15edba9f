import { ANSI } from './ansi.ts';

export type LogLevel = 'debug' | 'info' | 'warning' | 'error' | 'fatal';
export type LogFormat = 'runner' | 'text' | 'json';
export type LogFields = Readonly<Record<string, unknown>>;

const STYLE: Readonly<Record<LogLevel, { color: string; prefix: string }>> = {
  debug: { color: ANSI.boldWhite, prefix: '' },
  info: { color: '', prefix: '' },
  warning: { color: ANSI.yellow, prefix: 'WARNING: ' },
  error: { color: ANSI.boldRed, prefix: 'ERROR: ' },
  fatal: { color: ANSI.boldRed, prefix: 'FATAL: ' },
};

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warning: 2, error: 3, fatal: 4 };

/** Width to which the real runner pads a message before its fields. Patterns of log shippers rely on it. */
const MESSAGE_WIDTH = 50;

/** Formats a line of the runner's own log (not of a job log), without a newline. */
export function formatLogLine(
  format: LogFormat,
  level: LogLevel,
  message: string,
  fields: LogFields,
): string {
  const keys = Object.keys(fields).sort();
  if (format === 'json') {
    return JSON.stringify({ ...fields, level, msg: message, time: new Date().toISOString() });
  }
  if (format === 'text') {
    const rest = keys.map((key) => ` ${key}=${JSON.stringify(String(fields[key]))}`).join('');
    return `time="${new Date().toISOString()}" level=${level} msg=${JSON.stringify(message)}${rest}`;
  }
  const { color, prefix } = STYLE[level];
  const head = `${color}${prefix}${message.padEnd(MESSAGE_WIDTH - prefix.length)}${ANSI.reset} `;
  return head + keys.map((key) => ` ${color}${key}${ANSI.reset}=${String(fields[key])}`).join('');
}

/** The program's own log. It writes to standard error, like the real runner. */
export class Logger {
  readonly #write: (line: string) => void;
  readonly #fields: LogFields;
  readonly #settings: { format: LogFormat; level: LogLevel };

  constructor(
    settings: { format: LogFormat; level: LogLevel } = { format: 'runner', level: 'info' },
    fields: LogFields = {},
    write: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
  ) {
    this.#settings = settings;
    this.#fields = fields;
    this.#write = write;
  }

  /** Returns a logger with additional fields. Format and level stay shared. */
  with(fields: LogFields): Logger {
    return new Logger(this.#settings, { ...this.#fields, ...fields }, this.#write);
  }

  /** Changes format or level of this logger and of all loggers derived from it. */
  configure(settings: Partial<{ format: LogFormat; level: LogLevel }>): void {
    Object.assign(this.#settings, settings);
  }

  log(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (RANK[level] < RANK[this.#settings.level]) return;
    this.#write(formatLogLine(this.#settings.format, level, message, { ...this.#fields, ...fields }));
  }

  debug(message: string, fields?: LogFields): void {
    this.log('debug', message, fields);
  }
  info(message: string, fields?: LogFields): void {
    this.log('info', message, fields);
  }
  warning(message: string, fields?: LogFields): void {
    this.log('warning', message, fields);
  }
  error(message: string, fields?: LogFields): void {
    this.log('error', message, fields);
  }
  fatal(message: string, fields?: LogFields): void {
    this.log('fatal', message, fields);
  }
}
