import { ANSI } from '../ansi.ts';
import { Masker } from './mask.ts';
import { TOKEN_PREFIXES, TokenMasker } from './mask-tokens.ts';

export type LogSink = { write(data: Buffer): void };

/** A source of output: a hook's standard output or error, or the runner's own lines. Each is masked separately. */
export type LogStream = { write(data: Buffer): void; end(): void };

export type JobLogOptions = {
  /** Values to mask. */
  readonly secrets: readonly string[];
  readonly tokenPrefixes: readonly string[];
  /** Whether GitLab supports sections (`features.trace_sections`). */
  readonly sections: boolean;
};

/** Writes a job log: the runner's own lines and the output of hooks, with secrets masked and invalid UTF-8 replaced. */
export class JobLog {
  readonly #sink: LogSink;
  readonly #options: JobLogOptions;
  readonly #runnerStream: LogStream;

  constructor(sink: LogSink, options: JobLogOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#runnerStream = this.stream();
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

  /** Runs `body` between section markers, which let GitLab collapse and time this part of the log. */
  async section<T>(name: string, body: () => Promise<T>): Promise<T> {
    this.#mark('section_start', name);
    try {
      return await body();
    } finally {
      this.#mark('section_end', name);
    }
  }

  end(): void {
    this.#runnerStream.end();
  }

  #mark(kind: 'section_start' | 'section_end', name: string): void {
    if (!this.#options.sections) return;
    this.#runnerStream.write(Buffer.from(`${kind}:${Math.floor(Date.now() / 1000)}:${name}\r${ANSI.clear}`));
  }

  #line(lead: string, text: string): void {
    this.#runnerStream.write(Buffer.from(`${lead}${text}${ANSI.reset}\n`));
  }
}
