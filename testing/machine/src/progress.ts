import pc from 'picocolors';

/** Takes one line of progress. */
export type Log = (line: string) => void;

/** Writes progress to stderr: stdout holds only results. */
export const logToStderr: Log = (line) => process.stderr.write(`${line}\n`);

/** Indents a log's lines under a step. */
export function indented(log: Log): Log {
  return (line) => log(pc.dim(`  ${line}`));
}

/** Runs a step, and logs its name and afterwards its duration. */
export async function step<T>(log: Log, name: string, work: (log: Log) => Promise<T>): Promise<T> {
  log(`${pc.cyan('›')} ${name} …`);
  const start = performance.now();
  try {
    const result = await work(indented(log));
    log(`${pc.green('✓')} ${name} ${pc.dim(`(${seconds(start)} s)`)}`);
    return result;
  } catch (error) {
    log(`${pc.red('✗')} ${name} ${pc.dim(`(${seconds(start)} s)`)}`);
    throw error;
  }
}

function seconds(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(1);
}
