import { setPriority } from 'node:os';
import process from 'node:process';
import { HttpClient } from '../http-client.ts';

/**
 * Child process: people with nothing else to do. Each has a connection of its own and asks for page
 * after page as fast as they come. On the first message it says how many came, and ends.
 */
const [url = '', count = '', ...paths] = process.argv.slice(2);
setPriority(10);
let pages = 0;
process.once('message', () => process.send?.({ pages }, () => process.exit(0)));
for (let n = 0; n < Number(count); n++) {
  view(new HttpClient(url, null), n).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
}

async function view(client: HttpClient, first: number): Promise<void> {
  for (let n = first; ; n++) {
    await client.drain(paths[n % paths.length] ?? '/');
    pages += 1;
  }
}
