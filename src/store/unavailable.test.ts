import { expect, it } from 'vitest';
import { isUnavailable } from './unavailable.js';

const failure = (code: string) => Object.assign(new Error('failed'), { code });

// Seen to fail: without these codes.
it.each([
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ECONNREFUSED',
  '25006',
  '57014',
  '57P01',
  '08006',
  '53300',
])('%s is a database that cannot be reached or cannot work', (code) => {
  expect(isUnavailable(failure(code))).toBe(true);
});

it.each(['23505', '42601', '25P02', 'EACCES'])('%s is a fault that trying again does not help', (code) => {
  expect(isUnavailable(failure(code))).toBe(false);
});
