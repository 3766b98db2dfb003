import { expect, it } from 'vitest';
import { faultName } from './failure-facts.js';

const coded = (code: unknown) => Object.assign(new TypeError('of hunter2'), { code });

// Seen to fail: with any text that stands as a code taken for one.
it('calls a fault by its code where that is one, else by its class, never by its words', () => {
  expect(['ECONNREFUSED', '57P01', 'not-found'].map((code) => faultName(coded(code)))).toEqual([
    'ECONNREFUSED',
    '57P01',
    'not-found',
  ]);
  expect([coded('of hunter2'), coded(7), new TypeError('of hunter2')].map(faultName)).toEqual(
    Array(3).fill('TypeError'),
  );
  expect(faultName('of hunter2')).toBe('unknown');
});
