const ESC = '\u001b';

/** Texts that draw, hide or reorder on a terminal that shows them as they are. */
export const HOSTILE: [string, string][] = [
  ['case 1: erase-line and rewrite', `rm -rf /${ESC}[2K\rls`],
  [
    'case 2: a link whose text is another',
    `${ESC}]8;;https://evil.example${ESC}\\https://good.example${ESC}]8;;${ESC}\\`,
  ],
  ['case 3: clipboard, title, bells', `${ESC}]52;c;ZXZpbA==\u0007${ESC}]0;owned\u0007\u0007\u0007`],
  ['case 4: C1 controls', '\u009b31mred\u009d0;t\u009c'],
  ['case 5: carriage return and backspaces', 'pay 1000\rpay 1\u0008\u0008\u0008'],
  ['case 6: right-to-left override and isolates', 'invoice\u202etxt.exe \u2066payee\u2069'],
  ['case 8: zero-width, variation selectors and tags', 'rm\u200b -rf\ufe0f \u{e0072}\u{e006d}\u2028next'],
];
