import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkSync } from 'recheck';
import ts from 'typescript';
import { describe, expect, it, vi } from 'vitest';

/** What is not a job's text, nor a helper's nor a registry's. */
const OTHERS = [{ file: 'environment.ts', why: "the manager's own environment, once" }];
const FOLDERS = ['../src', '../../fleet/src', '../../shared-events/src'].map((path) =>
  join(import.meta.dirname, path),
);

interface Pattern {
  file: string;
  text: string;
}

/** Every pattern of the manager's source, by its syntax tree; a RegExp that is put together at run time is found by its name. */
function patternsIn(folder: string): Pattern[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const found: Pattern[] = [];
      const visit = (node: ts.Node) => {
        if (ts.isRegularExpressionLiteral(node)) found.push({ file, text: node.text });
        if (ts.isIdentifier(node) && node.text === 'RegExp') found.push({ file, text: 'RegExp' });
        ts.forEachChild(node, visit);
      };
      const text = readFileSync(join(folder, file), 'utf8');
      visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
      return found;
    });
}

/** `safe` if a pattern takes linear time, else how its time grows. */
function growthOf(text: string): string {
  const end = text.lastIndexOf('/');
  const found = checkSync(text.slice(1, end), text.slice(end + 1), { timeout: 30_000 });
  return found.status === 'vulnerable' ? found.complexity.summary : found.status;
}

describe('a pattern that is applied to untrusted text', () => {
  vi.stubEnv('RECHECK_BACKEND', 'pure');
  const patterns = FOLDERS.flatMap(patternsIn).filter(({ file }) =>
    OTHERS.every((each) => each.file !== file),
  );

  it('is a literal, so that it can be analysed', () => {
    expect(patterns.length).toBeGreaterThan(50);
    expect(patterns.filter(({ text }) => text === 'RegExp')).toEqual([]);
  });

  it.each(patterns)('is linear: $file $text', ({ text }) => {
    expect(growthOf(text)).toBe('safe');
  });

  it.each([
    ['/@.*$/', '2nd degree polynomial'],
    ['/(?::[^/:@]*)?(?:@.*)?$/', '2nd degree polynomial'],
    ['/^(a|a)*$/', 'exponential'],
  ])('is detected if it is not linear: %s', (text, growth) => {
    expect(growthOf(text)).toContain(growth);
  });
});
