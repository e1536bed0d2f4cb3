import type { Author } from './git.ts';

/** The people of the demo, all invented. */
export const ada: Author = { name: 'Ada Moreno', email: 'ada@pebble.example' };
export const jun: Author = { name: 'Jun Watanabe', email: 'jun@pebble.example' };
export const priya: Author = { name: 'Priya Nair', email: 'priya@roman.example' };
export const tomasz: Author = { name: 'Tomasz Zieliński', email: 'tomasz@mosaic.example' };
