/** What a command writes to, and what it knows of its surroundings. */
export interface Terminal {
  /** Prints a result to stdout. */
  print(text: string): void;
  /** Prints progress or an error to stderr. */
  printError(text: string): void;
  /** Width in characters; undefined if there is no terminal. */
  columns: number | undefined;
  /** Asks for a line; undefined if nobody can answer. */
  ask: ((question: string) => Promise<string>) | undefined;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Width of lines if there is no terminal. */
export const DEFAULT_COLUMNS = 100;
