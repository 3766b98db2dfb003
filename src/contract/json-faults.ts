/** No double has more significant digits than 767; a longer literal is no number that somebody means. */
const MAX_LITERAL = 800;

/** Why a number literal would not be the number that is shown and run; undefined when it is. */
export function numberFault(literal: string): string | undefined {
  if (literal.length > MAX_LITERAL)
    return `${shorten(literal)} is too long for a number; write it as a string`;
  const value = Number(literal);
  if (!Number.isFinite(value)) return `${shorten(literal)} is too large for a number; write it as a string`;
  const fault = valueFault(value);
  if (fault !== undefined) return fault;
  if (value === 0 && literal.startsWith('-')) return NEGATIVE_ZERO;
  if (decimal(literal) !== decimal(String(value)))
    return `${shorten(literal)} would be read as ${value}; write it as a string`;
  return undefined;
}

const NEGATIVE_ZERO = '-0 reads as 0 elsewhere; write 0';

/** The same for a number that is already one. */
export function valueFault(value: number): string | undefined {
  if (!Number.isFinite(value)) return `${value} is not a JSON number`;
  if (Object.is(value, -0)) return NEGATIVE_ZERO;
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    return `${value} is beyond the integers that are exact (2^53 - 1); write it as a string`;
  return undefined;
}

function shorten(literal: string): string {
  return literal.length > 40 ? `${literal.slice(0, 40)}...` : literal;
}

/** A decimal literal as sign, significant digits and exponent of the last digit: equal for 1, 1.0, 10e-1. */
function decimal(literal: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal);
  if (match === null) return literal;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  return `${sign}${significant}e${Number(exponent) - fraction.length + (digits.length - significant.length)}`;
}
