import { ANSI } from '../ansi.ts';
import { Masker } from './mask.ts';
import { TOKEN_PREFIXES, TokenMasker } from './mask-tokens.ts';

export type LogSink = { write(data: Buffer): void };

/** One source of output (a hook's standard output, its standard error, the runner's own lines): masked by itself. */
export type LogStream = { write(data: Buffer): void; end(): void };

export type JobLogOptions = {
  /** Values to hide, in full. */
  readonly secrets: readonly string[];
  readonly tokenPrefixes: readonly string[];
  /** Whether GitLab folds sections (`features.trace_sections`). */
  readonly sections: boolean;
};

/** Writes a job's log: the runner's own lines and the output of hooks, with secrets masked and broken UTF-8 replaced. */
export class JobLog {
  readonly #sink: LogSink;
  readonly #options: JobLogOptions;
  readonly #own: LogStream;

  constructor(sink: LogSink, options: JobLogOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#own = this.stream();
  }

  stream(): LogStream {
    const masker = new Masker(this.#options.secrets);
    const tokens = new TokenMasker([...this.#options.tokenPrefixes, ...TOKEN_PREFIXES]);
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    const emit = (data: Buffer, more: boolean) => {
      const text = decoder.decode(data, { stream: more });
      if (text !== '') this.#sink.write(Buffer.from(text, 'utf8'));
    };
    return {
      write: (data) => emit(tokens.push(masker.push(data)), true),
      end: () => emit(Buffer.concat([tokens.push(masker.flush()), tokens.flush()]), false),
    };
  }

  print(text: string): void {
    this.#line(ANSI.clear, text);
  }
  /** The heading of a section. */
  heading(text: string): void {
    this.print(`${ANSI.boldCyan}${text}${ANSI.reset}`);
  }
  info(text: string): void {
    this.#line(ANSI.boldGreen, text);
  }
  warning(text: string): void {
    this.#line(`${ANSI.yellow}WARNING: `, text);
  }
  error(text: string): void {
    this.#line(`${ANSI.boldRed}ERROR: `, text);
  }

  /** Runs `body` within the marks by which GitLab folds and times a part of the log. */
  async section<T>(name: string, body: () => Promise<T>): Promise<T> {
    this.#mark('section_start', name);
    try {
      return await body();
    } finally {
      this.#mark('section_end', name);
    }
  }

  end(): void {
    this.#own.end();
  }

  #mark(kind: 'section_start' | 'section_end', name: string): void {
    if (!this.#options.sections) return;
    this.#own.write(Buffer.from(`${kind}:${Math.floor(Date.now() / 1000)}:${name}\r${ANSI.clear}`));
  }

  #line(lead: string, text: string): void {
    this.#own.write(Buffer.from(`${lead}${text}${ANSI.reset}\n`));
  }
}
