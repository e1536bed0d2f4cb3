import { suggest } from './suggest.ts';
import { misfit, textType } from './text-type.ts';
import type { TextType } from './text-type.ts';

/** One of a few words. */
export function oneOf<T extends string>(words: readonly T[], example: T): TextType<T> {
  const text = `one of ${words.join(', ')}`;
  return textType<T>(
    text,
    example,
    (given) => {
      const value = words.find((word) => word === given);
      return value === undefined ? misfit(suggest(given, words)) : { value };
    },
    { enum: [...words] },
  );
}
