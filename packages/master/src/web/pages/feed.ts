import { series } from '@weir/model';
import type { ApiBreakageSummary } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { Database } from '../../store/schema.ts';
import { listBreakages } from '../read/breakages.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { breakagePath } from './links.ts';

const maxBreakages = 50;

interface Entry {
  readonly id: string;
  readonly title: string;
  readonly at: number;
  readonly url: string;
  readonly text: string;
}

/** Breakages that opened and closed, newest first, as an Atom feed (RFC 4287). */
export async function atomFeed(db: Kysely<Database>, farm: string, url: string): Promise<string> {
  const { items } = await listBreakages(db, { limit: maxBreakages });
  const entries = items
    .flatMap((breakage) => entriesOf(breakage, url))
    .toSorted((a, b) => b.at - a.at);
  return html`<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
<title>${xmlText(`Breakages of ${farm}`)}</title>
<id>${url}/feed.atom</id>
<link rel="self" href="${url}/feed.atom"/>
<link href="${url}/breakages"/>
<author><name>${xmlText(farm)}</name></author>
<updated>${timeText(entries[0]?.at ?? 0)}</updated>
${entries.map(entryView)}</feed>
`.toString();
}

function entriesOf(breakage: ApiBreakageSummary, base: string): Entry[] {
  const { id, title, trunks, openedAt, closedAt, builders } = breakage;
  const url = `${base}${breakagePath(id)}`;
  const text = `${series(trunks)}: ${builders.join(', ')}`;
  const opened = { id: url, title: `Broken: ${title}`, at: openedAt, url, text };
  if (closedAt === null) return [opened];
  return [{ id: `${url}#closed`, title: `Fixed: ${title}`, at: closedAt, url, text }, opened];
}

function entryView({ id, title, at, url, text }: Entry): Html {
  return html`<entry>
<title>${xmlText(title)}</title>
<id>${id}</id>
<link href="${url}"/>
<updated>${timeText(at)}</updated>
<summary>${xmlText(text)}</summary>
</entry>
`;
}

/** XML has no way to write most control characters, not even escaped. */
function xmlText(text: string): string {
  return text.toWellFormed().replace(/[\p{Cc}\uFFFE\uFFFF]/gu, ' ');
}

function timeText(at: number): string {
  return new Date(at).toISOString();
}
