import { readFileSync } from 'node:fs';

/** What a newcomer types: files by name, and commands in order. */
export interface NewcomerText {
  readonly files: readonly { readonly name: string; readonly text: string }[];
  readonly commands: readonly string[];
  /** Lines in all blocks together. */
  readonly lines: number;
}

const BLOCK = /^```(?<language>\w+) newcomer(?: (?<name>[\w.-]+))?\n(?<text>[\s\S]*?)^```$/gm;

/** The fenced blocks marked `newcomer` of the README: with a file name a file, without one commands. */
export function newcomerText(): NewcomerText {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const blocks = [...readme.matchAll(BLOCK)];
  const texts = blocks.map(({ groups = {} }) => ({ name: groups['name'], text: groups['text'] ?? '' }));
  const linesOf = (text: string) => text.trimEnd().split('\n');
  return {
    files: texts.flatMap(({ name, text }) => (name === undefined ? [] : [{ name, text }])),
    commands: texts.filter(({ name }) => name === undefined).flatMap(({ text }) => linesOf(text)),
    lines: texts.reduce((sum, { text }) => sum + linesOf(text).length, 0),
  };
}
