import { didYouMean } from './suggest.ts';
import { misfit, textType, type Parsed, type TextType } from './text-type.ts';

type Units = Readonly<Record<string, number>>;

const durations: Units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const sizes: Units = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/** A whole number and a unit, as milliseconds. */
export function duration(min: string, max: string): TextType<number> {
  return quantity('a duration such as 30s, 10m, 2h or 7d', durations, min, max, (number, unit) => {
    const letter = unit.trim().toLowerCase().slice(0, 1);
    return `${number}${Object.hasOwn(durations, letter) ? letter : 's'}`;
  });
}

/** A whole number and a binary unit, as bytes. */
export function size(min: string, max: string): TextType<number> {
  return quantity('a size such as 512KiB, 256MiB or 4GiB', sizes, min, max, (number, unit) => {
    const letter = unit.trim().toUpperCase().slice(0, 1);
    return `${number}${letter !== '' && 'KMGT'.includes(letter) ? letter : 'M'}iB`;
  });
}

export function count(min: number, max: number): TextType<number> {
  return textType(
    `a whole number from ${min} to ${max}`,
    min,
    (text) => {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
      return value >= min && value <= max ? { value } : misfit();
    },
    { type: ['integer', 'string'], minimum: min, maximum: max },
  );
}

/** A part of a hundred, with at most one decimal place. */
export const percent: TextType<number> = textType(
  'a percentage from 0% to 100%',
  0,
  (text) => {
    const value = /^\d{1,3}(\.\d)?%$/.test(text) ? Number(text.slice(0, -1)) : NaN;
    if (value <= 100) return { value };
    return misfit(/^\d{1,2}$/.test(text) ? didYouMean(`${text}%`) : null);
  },
  { type: 'string', pattern: '^\\d{1,3}(\\.\\d)?%$' },
);

function quantity(
  form: string,
  units: Units,
  min: string,
  max: string,
  guess: (number: string, unit: string) => string,
): TextType<number> {
  const [least, most] = [amount(min, units), amount(max, units)];
  return textType(
    `${form}, from ${min} to ${max}`,
    least,
    (text): Parsed<number> => {
      const value = amount(text, units);
      if (value >= least && value <= most) return { value };
      const [, number, unit] = /^(\d{1,15})(\s*[A-Za-z]*)$/.exec(text) ?? [];
      if (number === undefined || unit === undefined) return misfit();
      const likely = guess(number, unit);
      const meant = amount(likely, units);
      return misfit(likely !== text && meant >= least && meant <= most ? didYouMean(likely) : null);
    },
    { type: 'string', pattern: `^\\d{1,12}(${Object.keys(units).join('|')})$` },
  );
}

/** NaN for what is no number with one of the units. */
function amount(text: string, units: Units): number {
  const [, number, unit] = /^(\d{1,12})([A-Za-z]+)$/.exec(text) ?? [];
  if (number === undefined || unit === undefined || !Object.hasOwn(units, unit)) return NaN;
  return Number(number) * (units[unit] ?? NaN);
}
