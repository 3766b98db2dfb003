import { lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { CountersignError, type ErrorCode } from './domain/errors.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is not a folder',
  EISDIR: 'it is a folder, not a file',
  EACCES: 'this user may not touch it',
  EPERM: 'this user may not touch it',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
};

/** Why a file could not be used, in words. */
export function fileFault(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (code || 'for an unknown reason');
}

/** A file's UTF-8 text. Throws `usage` (or the given code) that names the file, the reason and what to do. */
export function readTextFile(path: string, todo: string, code: ErrorCode = 'usage'): string {
  const fault = (reason: string) =>
    new CountersignError(code, `${path || '""'} cannot be read: ${reason}. ${todo}`);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw fault(fileFault(error));
  }
  return decodeText(bytes) ?? fail(fault('it is not UTF-8 text'));
}

/** UTF-8 bytes as text; undefined when they are something else. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Opens a file for one text: `write` puts it in place in one step, so that a reader sees the old file or the whole new one. Throws `usage`
 * at once when nothing can be written there. What is no ordinary file (a pipe, /dev/null) is written directly.
 */
export function openTextFile(path: string, mode = 0o666): { write(text: string): void; drop(): void } {
  const fault = (error: unknown) =>
    new CountersignError(
      'usage',
      `${path || '""'} cannot be written: ${fileFault(error)}. Name a file in a folder that exists.`,
    );
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory() === true) throw Object.assign(new Error(path), { code: 'EISDIR' });
    const draft = found === undefined || found.isFile() ? `${path}.${process.pid}` : undefined;
    if (draft !== undefined) writeFileSync(draft, '', { mode });
    return {
      write(text) {
        try {
          writeFileSync(draft ?? path, text);
          if (draft !== undefined) renameSync(draft, path);
        } catch (error) {
          if (draft !== undefined) rmSync(draft, { force: true });
          throw fault(error);
        }
      },
      drop: () => void (draft !== undefined && rmSync(draft, { force: true })),
    };
  } catch (error) {
    throw fault(error);
  }
}

function fail(error: Error): never {
  throw error;
}
