import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSize, parseCpu, parseMemory, parseStorage } from '../src/parse-quantity.ts';

describe('parseCpu', () => {
  it.each([
    ['1', 1024],
    ['0.25', 256],
    ['16', 16_384],
    ['1024', 1024],
    ['256', 256],
    ['2 vCPU', 2048],
    ['2vcpus', 2048],
    ['4 CPU', 4096],
    ['500m', 512],
    [' 1 ', 1024],
    ['3', 3072],
  ])('reads %j as %i CPU units', (text, units) => {
    expect(parseCpu(text)).toBe(units);
  });

  it.each(['', 'two', '-1', '0', '64', '1 core', '1.5.2', '0x10', '1e3'])(
    'does not take %j for a number of CPUs',
    (text) => {
      expect(parseCpu(text)).toBeUndefined();
    },
  );
});

describe('parseMemory', () => {
  it.each([
    ['2048', 2048],
    ['512', 512],
    ['2GB', 2048],
    ['2G', 2048],
    ['2Gi', 2048],
    ['2 GiB', 2048],
    ['1.5gb', 1536],
    ['512MB', 512],
    ['512Mi', 512],
  ])('reads %j as %i MiB', (text, mebibytes) => {
    expect(parseMemory(text)).toBe(mebibytes);
  });

  it.each(['', 'lots', '2', '0', '-2GB', '2TB', '2 GB please'])('does not take %j for a size', (text) => {
    expect(parseMemory(text)).toBeUndefined();
  });
});

describe('parseStorage', () => {
  it.each([
    ['50', 50],
    ['50GB', 50],
    ['50 Gi', 50],
    ['20.5', 21],
  ])('reads %j as %i GiB', (text, gibibytes) => {
    expect(parseStorage(text)).toBe(gibibytes);
  });

  it.each(['', '0', 'much', '50MB'])('does not take %j for storage', (text) => {
    expect(parseStorage(text)).toBeUndefined();
  });
});

it('parses every size that it formats', () => {
  const wholeSizes = fc.record({
    cpu: fc.integer({ min: 1, max: 64 }),
    memory: fc.integer({ min: 1, max: 480 }),
  });
  fc.assert(
    fc.property(wholeSizes, ({ cpu, memory }) => {
      const [cpuWords = '', memoryWords = ''] = formatSize({ cpu: cpu * 256, memory: memory * 256 }).split(
        ', ',
      );
      expect(parseCpu(cpuWords)).toBe(cpu * 256);
      expect(parseMemory(memoryWords)).toBe(memory * 256);
    }),
  );
});

it('formats other sizes to two decimals', () => {
  expect(formatSize({ cpu: 512, memory: 1500 })).toBe('0.5 vCPU, 1.46 GB');
});
