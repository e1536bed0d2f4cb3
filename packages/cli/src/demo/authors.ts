import type { Author } from './git.ts';

/** The people of the demo, all invented. */
export const ada: Author = { name: 'Ada Moreno', email: 'ada@example.org' };
export const jun: Author = { name: 'Jun Watanabe', email: 'jun@example.org' };
export const priya: Author = { name: 'Priya Nair', email: 'priya@example.org' };
export const tomasz: Author = { name: 'Tomasz Zieliński', email: 'tomasz@example.org' };
export const kofi: Author = { name: 'Kofi Mensah', email: 'kofi@example.org' };
export const ines: Author = { name: 'Inés Duarte', email: 'ines@example.org' };
