import * as z from 'zod';

const MAX_LINES = 1000;

const lineSchema = z.looseObject({
  service: z.literal('runner-launcher'),
  message: z.string(),
  timestamp: z.iso.datetime(),
});

/** What the launcher logged most recently, found in the emulator's own log. */
export class LauncherLog {
  readonly #lines: { at: Date; text: string }[] = [];

  /** Takes a line of the emulator's log. */
  add(line: string): void {
    const json = line.slice(Math.max(0, line.indexOf('{"level"')));
    const parsed = lineSchema.safeParse(parseJson(json));
    if (!parsed.success) return;
    const { timestamp, message, service: _, level: __, sampling_rate: ___, ...fields } = parsed.data;
    this.#lines.push({ at: new Date(timestamp), text: `${timestamp} ${message} ${JSON.stringify(fields)}` });
    if (this.#lines.length > MAX_LINES) this.#lines.shift();
  }

  since(moment: Date): string[] {
    return this.#lines.filter(({ at }) => at >= moment).map(({ text }) => text);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
