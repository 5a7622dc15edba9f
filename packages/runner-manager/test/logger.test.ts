import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from '../src/logger.ts';

let lines: string[];
const write = (line: string) => void lines.push(line);
const written = (): unknown[] => lines.map((line) => JSON.parse(line));

beforeEach(() => {
  lines = [];
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe("a line of the manager's log", () => {
  it("has the Lambdas' shape, without fields of a Lambda's context", () => {
    createLogger('INFO', write).warn('careful', { jobId: 7 });
    expect(written()).toEqual([
      {
        level: 'WARN',
        message: 'careful',
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        service: 'runner-manager',
        sampling_rate: 0,
        jobId: 7,
      },
    ]);
  });

  it.each([
    ['DEBUG', ['debug', 'info', 'warn', 'error']],
    ['INFO', ['info', 'warn', 'error']],
    ['WARN', ['warn', 'error']],
    ['ERROR', ['error']],
  ] as const)('is written from level %s up', (level, expected) => {
    // The parsed environment decides, not the variable that Powertools would read itself.
    vi.stubEnv('LOG_LEVEL', 'CRITICAL');
    const logger = createLogger(level, write);
    for (const name of ['debug', 'info', 'warn', 'error'] as const) logger[name](name);
    expect(written()).toEqual(expected.map((message) => expect.objectContaining({ message })));
  });

  it("contains a child's fields, overridden by its own", () => {
    const child = createLogger('ERROR', write).createChild({ persistentKeys: { fleet: 'a', manager: 'b' } });
    child.info('below its level');
    child.error('first', { manager: 'c' });
    child.error('second');
    expect(written()).toMatchObject([
      { message: 'first', service: 'runner-manager', fleet: 'a', manager: 'c' },
      { message: 'second', service: 'runner-manager', fleet: 'a', manager: 'b' },
    ]);
  });

  it.each([
    ['POWERTOOLS_DEV', 'true'],
    ['POWERTOOLS_SERVICE_NAME', 'another'],
    ['AWS_LAMBDA_LOG_LEVEL', 'INFO'],
  ])('is one line with its own service name, even with %s', (name, value) => {
    vi.stubEnv(name, value);
    createLogger('DEBUG', write).info('still one line');
    expect(lines.filter((line) => line.includes('still one line'))).toEqual([
      expect.stringMatching(/^\{.*"service":"runner-manager".*\}$/),
    ]);
  });
});

describe('fields of any kind', () => {
  const circular: Record<string, unknown> = { name: 'loop' };
  circular.self = circular;

  it.each([
    ['a BigInt', 1n, '1'],
    [
      'an error with its cause',
      new Error('a', { cause: new Error('b') }),
      { message: 'a', cause: { message: 'b' } },
    ],
    ['a circular object', circular, { name: 'loop' }],
    ['an invalid date', new Date(Number.NaN), null],
  ])('are written: %s', (_, value, expected) => {
    createLogger('INFO', write).info('message', { value });
    expect(written()).toMatchObject([{ message: 'message', value: expected }]);
  });

  it('are omitted if undefined', () => {
    createLogger('INFO', write).info('message', { value: undefined });
    expect(lines.join()).not.toContain('value');
  });

  const ownCause = new Error('its own cause');
  ownCause.cause = ownCause;

  it.each([
    [
      'a getter that throws',
      {
        get value() {
          throw new Error('no value');
        },
      },
    ],
    [
      'a toJSON that throws',
      {
        value: {
          toJSON: () => {
            throw new Error('no JSON');
          },
        },
      },
    ],
    ['an error that is its own cause', { value: ownCause }],
  ])('never fail the caller, and the message is written: %s', (_, fields) => {
    const logger = createLogger('INFO', write).createChild({ persistentKeys: { fleet: 'default' } });
    logger.error('message', fields);
    expect(written()).toEqual([
      expect.objectContaining({ message: 'message', fleet: 'default', fieldsOmitted: expect.any(String) }),
    ]);
  });
});

describe('standard output', () => {
  const program = (code: string) => {
    const logger = JSON.stringify(new URL('../src/logger.ts', import.meta.url).href);
    const script = `import { createLogger } from ${logger}; const logger = createLogger('DEBUG'); ${code}`;
    return spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  };

  it('gets the lines of all levels', async () => {
    const child = program("for (const level of ['debug', 'info', 'warn', 'error']) logger[level](level);");
    const [output, errors] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
    lines = Buffer.concat(output).toString().trimEnd().split('\n');
    expect(written()).toMatchObject(['debug', 'info', 'warn', 'error'].map((message) => ({ message })));
    expect(Buffer.concat(errors).toString()).toBe('');
  });

  it('may be closed without ending the program', async () => {
    const child = program(`
      process.stdin.once('end', () => {
        logger.error('to nobody');
        setImmediate(() => logger.error('to nobody again'));
      }).resume();
    `);
    child.stdout.destroy();
    await once(child.stdout, 'close');
    child.stdin.end();
    const [errors, [code]] = await Promise.all([child.stderr.toArray(), once(child, 'exit')]);
    expect({ code, errors: Buffer.concat(errors).toString() }).toEqual({ code: 0, errors: '' });
  });
});
