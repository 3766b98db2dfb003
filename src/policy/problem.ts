/** A place in the policy file: keys and indices from the top. */
export type Path = readonly (string | number)[];

/** Something to say about the policy file, before its line is known. */
export interface Finding {
  readonly path: Path;
  /** What is wrong. */
  readonly what: string;
  /** What to do about it. */
  readonly todo: string;
  /** A warning leaves the policy usable. */
  readonly warning?: true;
  /** Meant is the key at the end of `path`, not its value. */
  readonly key?: true;
  /** Characters into the text at `path`, where a part of it is meant. */
  readonly offset?: number;
}

/** An error or a warning of a policy file, with its place. */
export interface Problem {
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1. */
  readonly column: number;
  /** Such as `rules[2].when`; empty for the file itself. */
  readonly path: string;
  readonly what: string;
  readonly todo: string;
}

/** A path as people write it: `agents.support.tools[0]`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}
