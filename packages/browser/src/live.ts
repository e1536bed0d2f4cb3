import { setFarmTime } from './ages.ts';
import { News } from './news.ts';

/** After an event so long is waited for more, so that a busy farm redraws a few times a second at most. */
const gatherMs = 300;

/** A browser gives a stream up for good when a proxy answers in the farm's place; then so long is waited. */
const againMs = 5_000;

/**
 * Keeps the parts of the page that have `data-live` as the server would draw them now: whenever
 * the event log goes on, the page is asked for again and what differs is replaced. A page that nobody
 * looks at asks for nothing; it catches up when it is looked at again.
 */
export function keepFresh(): void {
  if (document.querySelector('main [data-live]') === null) return;
  const refresh = new Refresh();
  document.addEventListener('visibilitychange', () => refresh.wanted());
  followEvents(document.documentElement.dataset['event'] ?? '0', refresh);
}

/** Follows the event log from an event on; it resumes after sleep or a broken connection. */
function followEvents(after: string, refresh: Refresh): void {
  const status = document.querySelector<HTMLElement>('#link');
  const events = new EventSource(`/api/v1/events?after=${after}`);
  let last = after;
  events.addEventListener('message', ({ lastEventId }) => {
    last = lastEventId;
    refresh.wanted();
  });
  // Asked for events that the farm has dropped: what is on the page is too old to be mended by them.
  events.addEventListener('reset', ({ lastEventId }: MessageEvent) => {
    last = lastEventId;
    refresh.wanted();
  });
  events.addEventListener('open', () => tell(status, ''));
  events.addEventListener('away', () => {
    tell(status, 'The farm can not read its store just now: this is what it knew before.');
  });
  events.addEventListener('back', () => tell(status, ''));
  events.addEventListener('error', () => {
    tell(status, 'No connection to the farm; trying again …');
    if (events.readyState !== EventSource.CLOSED) return;
    setTimeout(() => followEvents(last, refresh), againMs);
  });
}

/** Asks for the page anew, once at a time. */
class Refresh {
  readonly #news = new News();
  #isUnderWay = false;
  #isWanted = false;

  wanted(): void {
    this.#isWanted = true;
    if (this.#isUnderWay || document.visibilityState === 'hidden') return;
    this.#isUnderWay = true;
    setTimeout(() => void this.#ask(), gatherMs);
  }

  async #ask(): Promise<void> {
    this.#isWanted = false;
    try {
      const response = await fetch(location.href, { headers: { accept: 'text/html' } });
      if (response.ok) redraw(await response.text());
      this.#news.tell();
    } catch {
      // The connection is broken: the event log says so, and goes on when it is back.
    }
    this.#isUnderWay = false;
    if (this.#isWanted) this.wanted();
  }
}

function redraw(text: string): void {
  const fresh = new DOMParser().parseFromString(text, 'text/html');
  setFarmTime(fresh);
  for (const part of document.querySelectorAll('[data-live][id]')) {
    const drawn = fresh.getElementById(part.id);
    if (drawn === null || withoutAges(drawn) === withoutAges(part)) continue;
    keepFocus(part, () => {
      keepOpen(part, drawn);
      part.replaceChildren(...drawn.childNodes);
    });
  }
}

/** Ages count on by themselves: they are no reason to draw anything anew. */
function withoutAges(element: Element): string {
  const copy = element.cloneNode(true);
  if (!(copy instanceof Element)) return '';
  for (const time of copy.querySelectorAll('time')) time.textContent = '';
  for (const details of copy.querySelectorAll('details')) details.removeAttribute('open');
  return copy.innerHTML;
}

/** Who had opened something finds it open. */
function keepOpen(before: Element, after: Element): void {
  const opened = [...before.querySelectorAll('details')];
  for (const [index, details] of [...after.querySelectorAll('details')].entries()) {
    if (opened[index]?.open === true) details.open = true;
  }
}

/** Who stood on a link stands on the same link afterwards. */
function keepFocus(part: Element, change: () => void): void {
  const focused = document.activeElement;
  const isInside = focused !== null && part.contains(focused);
  const selector =
    isInside && focused.id !== ''
      ? `#${CSS.escape(focused.id)}`
      : isInside && focused.hasAttribute('href')
        ? `[href="${CSS.escape(focused.getAttribute('href') ?? '')}"]`
        : undefined;
  change();
  if (selector !== undefined) {
    part.querySelector<HTMLElement>(selector)?.focus({ preventScroll: true });
  }
}

function tell(status: HTMLElement | null, text: string): void {
  if (status !== null && status.textContent !== text) status.textContent = text;
}
