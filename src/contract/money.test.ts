import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { majorText, moneyText } from './money.js';

describe('money', () => {
  it.each([
    [24000, 'USD', 'USD 240.00 (24000 minor units)'],
    [100000, 'EUR', 'EUR 1 000.00 (100000 minor units)'],
    [5, 'USD', 'USD 0.05 (5 minor units)'],
    [0, 'USD', 'USD 0.00 (0 minor units)'],
    [-123456789, 'USD', 'USD -1 234 567.89 (-123456789 minor units)'],
    [1000, 'JPY', 'JPY 1 000 (1000 minor units)'],
    [1000, 'KWD', 'KWD 1.000 (1000 minor units)'],
    [1000, 'IQD', 'IQD 1.000 (1000 minor units)'],
    [1000, 'AFN', 'AFN 10.00 (1000 minor units)'],
    [1000, 'CLF', 'CLF 0.1000 (1000 minor units)'],
    [1000, 'XYZ', '1000 minor units of XYZ (unknown currency)'],
    [1000, 'usd', '1000 minor units of usd (unknown currency)'],
  ])('case 21: shows %d %s in both forms', (minor, currency, text) => {
    expect(moneyText({ minor, currency })).toBe(text);
  });

  it('loses no unit of any amount', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.constantFrom('USD', 'JPY', 'BHD', 'UYW'), (minor, currency) => {
        const digits = (majorText({ minor, currency }) ?? '').slice(4).replace(/[ .]/g, '');
        expect(BigInt(digits)).toBe(BigInt(minor));
      }),
    );
  });
});
