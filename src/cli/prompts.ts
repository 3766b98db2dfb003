import { createInterface, emitKeypressEvents } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { isCancel, text } from '@clack/prompts';
import { visible } from '../domain/sanitise.js';

/** A person at a terminal. Whatever is shown to them has its hidden characters made visible first. */
export interface Terminal {
  /** The next key that is pressed; undefined = Esc, Ctrl-C, or the end of the input. */
  key(): Promise<string | undefined>;
  /** A line typed to a question; undefined = they did not want to answer. */
  line(question: string): Promise<string | undefined>;
}

/** A terminal's input, as far as it is used; a fake one need not be a real device. */
export interface KeyInput extends Readable {
  setRawMode?(on: boolean): unknown;
}

/** Single keys, and prompts that are drawn. Needs a terminal that can move its cursor. */
export function drawnTerminal(input: KeyInput, output: Writable): Terminal {
  return {
    key: () => pressed(input),
    async line(question) {
      const typed = await text({ message: visible(question), input, output });
      return isCancel(typed) ? undefined : (typed ?? '');
    },
  };
}

/** Whole lines only, and nothing that is drawn over: for screen readers, terminals without colours, and whoever turned single keys off. */
export function plainTerminal(input: KeyInput, output: Writable): Terminal {
  const line = (question: string) =>
    new Promise<string | undefined>((resolve) => {
      const lines = createInterface({ input, output, terminal: false });
      output.write(`${visible(question)} `);
      lines.once('line', (typed) => {
        resolve(typed);
        lines.close();
      });
      lines.once('close', () => resolve(undefined));
    });
  return {
    line,
    async key() {
      const typed = await line('Key, then Enter:');
      return typed === undefined ? undefined : (typed.trim()[0] ?? '');
    },
  };
}

/** One key; what was pasted together with it is not heard. */
function pressed(input: KeyInput): Promise<string | undefined> {
  emitKeypressEvents(input);
  input.setRawMode?.(true);
  input.resume();
  return new Promise((resolve) => {
    const done = (key: string | undefined) => {
      input.off('keypress', heard);
      input.off('end', ended);
      input.setRawMode?.(false);
      input.pause();
      resolve(key);
    };
    const ended = () => done(undefined);
    const heard = (typed: string | undefined, key: { readonly name?: string; readonly ctrl?: boolean }) =>
      done(
        key.name === 'escape' || (key.ctrl === true && 'cd'.includes(key.name ?? ' '))
          ? undefined
          : (typed ?? ''),
      );
    input.on('keypress', heard);
    input.once('end', ended);
  });
}
