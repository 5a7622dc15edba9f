import { describe, expect, it } from 'vitest';
import { escapeAnsiC, escapePosix } from '../src/scripts/escape.ts';
import { generateScript, type Stage } from '../src/scripts/generate-script.ts';
import { contextIn } from './support/context.ts';
import { POSIX } from './support/script-suite.ts';

describe('generateScript', () => {
  it.each<[Stage, Record<string, unknown>]>([
    ['restore_cache', {}],
    ['download_artifacts', {}],
    ['after_script', {}],
    ['after_script', { steps: [{ name: 'after_script', script: [] }] }],
    ['archive_cache', { cache: [{ key: 'k', paths: ['x'], when: 'on_failure' }] }],
    ['archive_cache_on_failure', { cache: [{ key: 'k', paths: ['x'] }] }],
    ['upload_artifacts_on_success', {}],
    ['upload_artifacts_on_failure', { artifacts: [{ paths: ['x'] }] }],
    ['step_release', {}],
  ])('skips %s when there is nothing to do', (stage, extra) => {
    expect(generateScript(stage, contextIn('/root', extra))).toBeUndefined();
  });

  it('names the uploader with all that an artifact says', () => {
    const artifact = {
      name: 'n',
      paths: ['a b', 'c'],
      exclude: ['d'],
      untracked: true,
      when: 'always',
      artifact_type: 'junit',
      artifact_format: 'gzip',
      expire_in: '1 week',
    };
    const script = generateScript(
      'upload_artifacts_on_failure',
      contextIn('/root', { artifacts: [artifact] }, POSIX),
    );
    expect(script?.replaceAll('\\', '')).toContain(
      '--path "a b" --path c --exclude d --untracked --name n --expire-in "1 week" --artifact-format gzip --artifact-type junit',
    );
  });

  it.each([
    ['a key with directories', 'a/b', '../../../cache/g/p/a/b/cache.zip', undefined],
    ['a key that would leave the cache', '../../x', '../../../cache/g/p/x/cache.zip', 'sanitized to "x"'],
    ['a key with a variable', 'k-$REF', '../../../cache/g/p/k-main/cache.zip', undefined],
    ['no key', '', '../../../cache/g/p/job 1/main/cache.zip', undefined],
  ])('finds the archive of %s', (_, key, file, warning) => {
    const extra = { cache: [{ key, paths: ['x'] }], variables: [{ key: 'REF', value: 'main' }] };
    const script = generateScript('restore_cache', contextIn('/root', extra, POSIX));
    expect(script).toContain(file);
    if (warning !== undefined) expect(script?.replaceAll('\\', '')).toContain(warning);
  });

  it.each([
    ['pull', 'archive_cache', 'Not uploading cache'],
    ['push', 'restore_cache', 'Not downloading cache'],
  ] as const)('respects the policy %s', (policy, stage, words) => {
    const extra = { cache: [{ key: 'k', paths: ['x'], policy }] };
    expect(generateScript(stage, contextIn('/root', extra, POSIX))).toContain(words);
  });
});

describe('escapes', () => {
  it.each([
    ['plain/word-1.txt', 'plain/word-1.txt', 'plain/word-1.txt'],
    ['', "''", "''"],
    ['a "b" $C', `$'a "b" $C'`, String.raw`"a \"b\" \$C"`],
    ['ü', String.raw`$'\xc3\xbc'`, 'ü'],
    // What the real runner's POSIX escapes let through.
    ["it's", String.raw`$'it\'s'`, "it's"],
    ['a\nb', String.raw`$'a\nb'`, 'a\nb'],
    ['a;b', "$'a;b'", 'a;b'],
  ])('of %j', (text, ansi, posix) => {
    expect([escapeAnsiC(text), escapePosix(text)]).toEqual([ansi, posix]);
  });
});
