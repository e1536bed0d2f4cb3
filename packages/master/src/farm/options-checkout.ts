import type { CheckoutSpec } from '@weir/protocol';
import { count } from './quantities.ts';
import { option, optional, orBlank, section } from './section.ts';
import { misfit, textType } from './text-type.ts';
import { flag } from './texts.ts';

type Submodules = CheckoutSpec['submodules'] | null;

const submodules = textType<Submodules>(
  'true, false or recursive',
  null,
  (text) => {
    if (text === 'true') return { value: 'top' };
    if (text === 'false') return { value: null };
    return text === 'recursive' ? { value: text } : misfit();
  },
  { enum: [true, false, 'true', 'false', 'recursive'] },
);

export const checkoutOptions = {
  submodules: option(
    submodules,
    'false',
    "Whether submodules are checked out as well: `true` for the repository's own, `recursive` for theirs too. Each at the commit that is pinned, by https.",
  ),
  depth: optional(
    count(1, 1_000_000),
    'all of it, with its tags',
    'How many commits of history there are, without tags.',
  ),
  lfs: option(
    flag,
    'false',
    'Whether files that git LFS keeps elsewhere are fetched; else there are pointers in their place. It is built on workers alone that have git LFS, which they find out themselves (`git-lfs`).',
  ),
};

/** The option `checkout` of an upstream and a project. */
export const checkout = orBlank(
  section(checkoutOptions),
  'all defaults',
  'What of the repository is checked out beside the files of its commit.',
);
