/**
 * A column of JSON text as Postgres' own JSON, for SQL that looks into it. What it cannot hold as text (NUL) is a replacement character there:
 * it would refuse the whole document, whichever member is looked for.
 */
export function storedJson(column: string): string {
  return `replace(${column}, '\\u0000', '\\ufffd')::json`;
}
