import { describe, expect, it } from 'vitest';
import { isOutdated } from '../src/status/decide-outdated.ts';

describe('a manager is outdated', () => {
  it.each([
    ['if its definition is not the newest', { definition: 'family:1' }, true],
    ['not if nothing has changed', {}, false],
    ['not if the fleet has no definition', { newest: undefined, definition: 'family:1' }, false],
    ['if settings were written after it started', { writtenAt: 1001 }, true],
    ['not if they were written before', { writtenAt: 1000 }, false],
    ['not if nobody knows when they were written', { writtenAt: undefined }, false],
    ['not if nobody knows when it started', { createdAt: undefined, writtenAt: 1001 }, false],
  ])('%s', (_title, given, expected) => {
    const facts = { definition: 'family:2', newest: 'family:2', createdAt: 1000, writtenAt: 500, ...given };
    expect(
      isOutdated({
        manager: { definitionArn: facts.definition, createdAt: facts.createdAt },
        newestDefinitionArn: facts.newest,
        settingsWrittenAt: facts.writtenAt,
      }),
    ).toBe(expected);
  });
});
