import type { ApiFarm } from '@weir/protocol';
import type { Request } from 'express';
import type { WebContext } from '../context.ts';
import { readFarm } from '../read/farm.ts';
import { weirVersion } from '../version.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';

/** What every page needs to know of the visit. */
export interface Visit {
  readonly farm: ApiFarm;
  readonly now: number;
  readonly actor: string | null;
  readonly csrf: string | null;
  /** The page's own path and query, to come back to. */
  readonly here: string;
  readonly script: string;
  readonly style: string;
}

/** What a page has around its content, whatever that is. */
export interface Frame extends Pick<Visit, 'now' | 'csrf' | 'here' | 'script' | 'style'> {
  readonly farm: Pick<ApiFarm, 'name' | 'version' | 'breakages' | 'event'> & {
    readonly warnings: readonly string[];
  };
  /** Undefined when it can't be known who looks. */
  readonly actor: string | null | undefined;
}

/** The frame of a page that can be shown while the store can't be read. */
export async function frameWithoutStore(context: WebContext, request: Request): Promise<Frame> {
  const { name, warnings } = context.farm();
  const [script, style] = await Promise.all([context.asset('main.js'), context.asset('main.css')]);
  return {
    farm: { name, version: weirVersion, warnings, breakages: 0, event: 0 },
    now: context.now(),
    actor: undefined,
    csrf: null,
    here: request.originalUrl,
    script,
    style,
  };
}

export async function visitOf(context: WebContext, request: Request): Promise<Visit> {
  const { db, farm, signIn, asset } = context;
  const [facts, script, style] = await Promise.all([
    readFarm(db, farm(), context.now()),
    asset('main.js'),
    asset('main.css'),
  ]);
  return {
    farm: facts,
    now: context.now(),
    actor: signIn.actorOf(request),
    csrf: signIn.csrfToken(request),
    here: request.originalUrl,
    script,
    style,
  };
}

const sections = [
  ['/', 'Waterfall'],
  ['/console', 'Console'],
  ['/matrix', 'Matrix'],
  ['/breakages', 'Breakages'],
  ['/workers', 'Workers'],
  ['/outbox', 'Outbox'],
] as const;

/** A whole page. What stands in an element with `data-live` and an id is kept fresh by the script. */
export function page(frame: Frame, title: string, content: Html): string {
  const { farm, here, now, script, style } = frame;
  const path = here.split('?')[0];
  return html`<!doctype html>
    <html lang="en" data-event="${farm.event}" data-now="${now}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title === '' ? farm.name : `${title} · ${farm.name}`}</title>
        <link rel="stylesheet" href="${style}" />
        <link rel="icon" href="/favicon.svg" />
        <link rel="alternate" type="application/atom+xml" title="Breakages" href="/feed.atom" />
        <script type="module" src="${script}"></script>
      </head>
      <body>
        <a class="skip" href="#content">Skip to content</a>
        <header class="top">
          <a class="brand" href="/">${farm.name}</a>
          <nav aria-label="Main" id="nav" data-live>
            ${sections.map(
              ([to, name]) =>
                html`<a href="${to}" ${path === to ? html` aria-current="page"` : ''}
                  >${name}${to === '/breakages' && openCount(farm)}</a
                >`,
            )}
          </nav>
          ${who(frame)}
        </header>
        <div id="warnings" data-live>
          ${farm.warnings.map((warning) => html`<p class="warning" role="alert">${warning}</p>`)}
        </div>
        <main id="content" tabindex="-1">${content}</main>
        <footer>
          <p id="link" class="link" role="status"></p>
          <p>
            Weir ${farm.version} · <a href="/subscribe">Be told</a> ·
            <a href="/api/v1/openapi.json">API</a> · <a href="/farm-file">Farm file</a> · times are ages; hover
            for UTC; <kbd>?</kbd> lists the keys
          </p>
        </footer>
      </body>
    </html> `.toString();
}

function openCount({ breakages }: Frame['farm']): Html {
  if (breakages === 0) return html``;
  return html` <span class="count"
    >${breakages}<span class="hidden"> open</span></span
  >`;
}

function who({ actor, csrf, here }: Frame): Html {
  if (actor === undefined) return html``;
  if (actor === null || csrf === null) {
    return html`<a class="who" href="/sign-in?to=${encodeURIComponent(here)}">Sign in</a>`;
  }
  return html`<form class="who" method="post" action="/sign-out">
    <input type="hidden" name="csrf" value="${csrf}" /> <span>${actor}</span>
    <button type="submit">Sign out</button>
  </form>`;
}

/** A form that changes something: it works without script, always asks why, and shows only to who is signed in. */
export function commandForm(
  visit: Visit,
  command: { action: string; label: string; fields?: Html; danger?: boolean },
): Html {
  if (visit.csrf === null) return html``;
  const { action, label, fields, danger = false } = command;
  return html`<form class="command" method="post" action="${action}">
    <input type="hidden" name="csrf" value="${visit.csrf}" />
    ${fields}<label
      ><span class="quiet">Reason</span>
      <input name="reason" required maxlength="500" autocomplete="off"
    /></label>
    <button type="submit" ${danger ? html` class="danger"` : ''}>${label}</button>
  </form>`;
}
