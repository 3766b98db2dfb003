import type { Money } from '../domain/action.js';

/**
 * Digits after the point where they are not two, ISO 4217 list one. The tables inside JavaScript engines follow common usage instead and
 * would show some currencies (AFN, IQD, LBP ...) a hundredfold or thousandfold wrong.
 */
const EXPONENTS: ReadonlyMap<string, number> = new Map([
  ...[
    'BIF',
    'CLP',
    'DJF',
    'GNF',
    'ISK',
    'JPY',
    'KMF',
    'KRW',
    'PYG',
    'RWF',
    'UGX',
    'UYI',
    'VND',
    'VUV',
    'XAF',
    'XOF',
    'XPF',
  ].map((code) => [code, 0] as const),
  ...['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'].map((code) => [code, 3] as const),
  ...['CLF', 'UYW'].map((code) => [code, 4] as const),
]);
const KNOWN: ReadonlySet<string> = new Set([...Intl.supportedValuesOf('currency'), ...EXPONENTS.keys()]);

/** Digits of a currency's minor unit; undefined when the code is not one of ISO 4217. */
export function minorDigits(currency: string): number | undefined {
  return KNOWN.has(currency) ? (EXPONENTS.get(currency) ?? 2) : undefined;
}

/** `USD 1 234.50`: code first, thousands by a space, always a point, so that no reader takes one for the other; undefined when the currency is unknown. */
export function majorText({ minor, currency }: Money): string | undefined {
  const digits = minorDigits(currency);
  if (digits === undefined || !Number.isSafeInteger(minor)) return undefined;
  const padded = String(Math.abs(minor)).padStart(digits + 1, '0');
  const whole = padded.slice(0, padded.length - digits).replace(/\B(?=(\d{3})+$)/g, ' ');
  const fraction = digits === 0 ? '' : `.${padded.slice(-digits)}`;
  return `${currency} ${minor < 0 ? '-' : ''}${whole}${fraction}`;
}

/** Both forms, so that nobody takes cents for units: `USD 1 234.50 (123450 minor units)`. */
export function moneyText(money: Money): string {
  const major = majorText(money);
  return major === undefined
    ? `${money.minor} minor units of ${money.currency} (unknown currency)`
    : `${major} (${money.minor} minor units)`;
}
