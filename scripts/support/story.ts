import { wrap } from '../../src/cli/render/layout.js';
import { visible } from '../../src/domain/sanitise.js';

const WIDTH = 88;
/** Where a line goes on, under what was said. */
const INDENT = ' '.repeat(21);

/** Tells what happens, in short lines with the time since the beginning. */
export interface Story {
  /** Begins a new part. */
  chapter(title: string): void;
  /** One thing that somebody did or that became true. */
  line(who: string, what: string): void;
}

/** A story on a stream; hidden characters in whatever it tells are made visible. */
export function storyOn(write: (text: string) => void): Story {
  let chapters = 0;
  return {
    chapter(title) {
      chapters += 1;
      write(`\n${String(chapters).padStart(2)}  ${visible(title)}\n`);
    },
    line(who, what) {
      const seconds = `+${(performance.now() / 1000).toFixed(1)} s`;
      const [first = '', ...more] = wrap(visible(what), WIDTH - INDENT.length);
      write(`${seconds.padStart(9)}  ${visible(who).padEnd(9)} ${first}\n`);
      for (const rest of more) write(`${INDENT}${rest}\n`);
    },
  };
}
