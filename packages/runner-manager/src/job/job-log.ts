/** The job's log, as far as the manager writes it. */
export interface JobLog {
  say(line: string): void;
  /** A line in GitLab Runner's red. */
  complain(line: string): void;
  /** A warning in GitLab Runner's yellow: the first line says it, the others are what belongs to it. */
  warn(lines: readonly string[]): void;
}

const RED = '\u001b[31;1m';
const YELLOW = '\u001b[0;33m';
const PLAIN = '\u001b[0;m';

/** @param write takes a line without its end; a line break in `line` (an image's name can hold anything) is no line's end */
export function createJobLog(write: (line: string) => void): JobLog {
  const clean = (line: string) => line.replace(/\p{Cc}+/gu, ' ');
  return {
    say: (line) => write(clean(line)),
    complain: (line) => write(`${RED}ERROR: ${clean(line)}${PLAIN}`),
    warn: ([first = '', ...others]) => {
      write(`${YELLOW}WARNING: ${clean(first)}${PLAIN}`);
      for (const line of others) write(clean(line));
    },
  };
}

/** `12.3 s`, from milliseconds. */
export function inSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
