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
  view(n).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
}

async function view(first: number): Promise<void> {
  const client = new HttpClient(url, null);
  for (let n = first; ; n++) {
    try {
      await client.drain(paths[n % paths.length] ?? '/');
      pages += 1;
    } catch (error) {
      // As browsers do: the server closes a connection that it has heard nothing on for 5 s.
      if (!(error instanceof Error && 'code' in error && error.code === 'ECONNRESET')) throw error;
    }
  }
}
