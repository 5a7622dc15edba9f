/** Writes the manager's lines to the job log. */
export interface JobLog {
  info(line: string): void;
  /** A line in GitLab Runner's red. */
  error(line: string): void;
  /** A warning in GitLab Runner's yellow, followed by plain lines with details. */
  warn(lines: readonly string[]): void;
}

const RED = '\u001b[31;1m';
const YELLOW = '\u001b[0;33m';
const PLAIN = '\u001b[0;m';

/** @param write takes a line without its end. Control characters are replaced first, since an image's name may contain any. */
export function createJobLog(write: (line: string) => void): JobLog {
  const clean = (line: string) => line.replace(/\p{Cc}+/gu, ' ');
  return {
    info: (line) => write(clean(line)),
    error: (line) => write(`${RED}ERROR: ${clean(line)}${PLAIN}`),
    warn: ([first = '', ...others]) => {
      write(`${YELLOW}WARNING: ${clean(first)}${PLAIN}`);
      for (const line of others) write(clean(line));
    },
  };
}

/** Formats milliseconds as `12.3 s`. */
export function formatSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
