import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { JobLog } from '../src/trace/job-log.ts';
import { TraceBuffer } from '../src/trace/trace-buffer.ts';

describe('TraceBuffer', () => {
  it('has the right bytes, size and checksum after many writes', () => {
    const buffer = new TraceBuffer();
    const parts = Array.from({ length: 300 }, (_, index) => Buffer.alloc(index * 7, index));
    for (const part of parts) buffer.write(part);
    const whole = Buffer.concat(parts);
    expect(buffer.size).toBe(whole.length);
    expect(buffer.slice(0, whole.length).equals(whole)).toBe(true);
    expect(buffer.checksum).toBe(`crc32:${crc32(whole).toString(16).padStart(8, '0')}`);
  });

  it('starts with the checksum of an empty log', () => {
    expect(new TraceBuffer().checksum).toBe('crc32:00000000');
  });

  it('stops at the limit with one notice and without splitting a character', () => {
    const buffer = new TraceBuffer(10);
    buffer.write(Buffer.from('12345678'));
    buffer.write(Buffer.from('9\u{1f600}tail'));
    buffer.write(Buffer.from('never'));
    const text = buffer.slice(0, buffer.size).toString('utf8');
    expect(text).toContain("123456789\n\u001b[33;1mJob's log exceeded limit of 10 bytes.");
    expect(text).not.toMatch(/tail|never|\ufffd/);
    expect(text.match(/exceeded/g)).toHaveLength(1);
  });
});

function logTo(options: Partial<ConstructorParameters<typeof JobLog>[1]> = {}) {
  const parts: Buffer[] = [];
  const log = new JobLog(
    { write: (data) => parts.push(data) },
    { secrets: [], tokenPrefixes: [], sections: true, ...options },
  );
  return { log, text: () => Buffer.concat(parts).toString('utf8') };
}

describe('JobLog', () => {
  it('masks secrets in interleaved streams', () => {
    const { log, text } = logTo({ secrets: ['hunter2'] });
    const [out, error] = [log.stream(), log.stream()];
    out.write(Buffer.from('out hun'));
    error.write(Buffer.from('err hunt'));
    out.write(Buffer.from('ter2\n'));
    error.write(Buffer.from('er2\n'));
    expect(text()).toBe('out err [MASKED]\n[MASKED]\n');
  });

  it('writes a character completely that arrives in several chunks', () => {
    const { log, text } = logTo();
    const stream = log.stream();
    const bytes = Buffer.from('ü\u{1f600}');
    for (const byte of bytes) stream.write(Buffer.from([byte]));
    stream.end();
    expect(text()).toBe('ü\u{1f600}');
  });

  it('replaces invalid UTF-8, since GitLab stores text', () => {
    const { log, text } = logTo();
    const stream = log.stream();
    stream.write(Buffer.from([0x61, 0xff, 0xc3]));
    stream.end();
    expect(text()).toBe('a\ufffd\ufffd');
  });

  it('writes held-back bytes when a stream ends', () => {
    const { log, text } = logTo({ secrets: ['secret'] });
    const stream = log.stream();
    stream.write(Buffer.from('a sec'));
    expect(text()).toBe('a ');
    stream.end();
    expect(text()).toBe('a sec');
  });

  it('writes section markers around the lines, also after a failure', async () => {
    const { log, text } = logTo();
    await expect(
      log.section('get_sources', async () => {
        log.heading('Getting source');
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(text().replaceAll(/:\d+:/g, ':T:')).toBe(
      'section_start:T:get_sources\r\u001b[0K\u001b[0K\u001b[36;1mGetting source\u001b[0;m\u001b[0;m\nsection_end:T:get_sources\r\u001b[0K',
    );
  });

  it('writes no section markers for a GitLab without support for them', async () => {
    const { log, text } = logTo({ sections: false });
    await log.section('x', async () => log.info('done'));
    expect(text()).toBe('\u001b[32;1mdone\u001b[0;m\n');
  });
});
