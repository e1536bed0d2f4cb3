import { setTimeout as sleep } from 'node:timers/promises';
import { token } from './farm.ts';

/** A whole list of the API, page by page. */
export async function listAll<T>(url: string, path: string): Promise<T[]> {
  const items: T[] = [];
  for (let cursor: string | null = null; ;) {
    const address = new URL(path, url);
    address.searchParams.set('limit', '200');
    if (cursor !== null) address.searchParams.set('cursor', cursor);
    const page = await get<{ items: T[]; next: string | null }>(address);
    items.push(...page.items);
    if (page.next === null) return items;
    cursor = page.next;
  }
}

export async function get<T>(address: URL): Promise<T> {
  const response = await fetch(address, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`${address.href}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

/** What the farm answered, if it did. */
export async function post(address: URL, body: unknown): Promise<{ id: number } | undefined> {
  try {
    const response = await fetch(address, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    return response.ok ? ((await response.json()) as { id: number }) : undefined;
  } catch {
    return undefined;
  }
}

/** Asks until there is an answer: a farm that is killed now and then answers a moment later. */
export async function patiently<T>(ask: () => Promise<T>, forMs = 60_000): Promise<T> {
  for (const deadline = performance.now() + forMs; ;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(500);
    }
  }
}
