import process from 'node:process';
import { Leadership } from '../../src/store/postgres/leadership.ts';

/** Leads when its turn comes, and says so to who forked it. */
const [, , url = ''] = process.argv;
const leadership: Leadership = new Leadership({
  url,
  log: { info: () => {}, warn: () => {} },
  lead: async () => void process.send?.('leads'),
  retire: async () => void process.send?.('retires'),
});
process.on('message', () => process.send?.(leadership.isCertain ? 'certain' : 'uncertain'));
