import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** All runs of a worker share the modules of these rooms; other rooms give the workflows types alone (the linter sees to it). */
const SHARED = ['src/workflows', 'src/domain'];

/** Something at the top of a module that can change: a variable, or a collection that is not declared to be read only. */
const CHANGES =
  /^(?:export )?(?:(?:let|var) .*|const \w+ = (?:new )?(?:Weak)?(?:Map|Set)\b.*|const \w+ = \[\];.*)$/gm;

const changesIn = (code: string) => code.match(CHANGES) ?? [];

describe('the modules that all runs of a worker share', () => {
  it.each(
    SHARED.flatMap((room) =>
      readdirSync(room)
        .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
        .map((name) => join(room, name)),
    ),
  )('%s keeps nothing of a run', (path) => expect(changesIn(readFileSync(path, 'utf8'))).toEqual([]));

  it('would be found out', () => {
    const lines = ['let count = 0;', 'const seen = new Map<string, number>();', 'export const all = [];'];
    for (const line of lines) expect(changesIn(`import a from 'a';\n${line}\n`)).toEqual([line]);
    expect(changesIn('const TOLD: ReadonlySet<string> = new Set();\n  let inside = 0;')).toEqual([]);
  });
});
