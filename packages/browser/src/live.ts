/** After an event so long is waited for more, so that a busy farm redraws a few times a second at most. */
const gatherMs = 300;

/**
 * Keeps the parts of the page that have `data-live` as the server would draw them now: whenever
 * the event log goes on, the page is asked for again and what differs is replaced. The event log
 * resumes by itself after sleep or a broken connection.
 */
export function keepFresh(): void {
  const status = document.querySelector<HTMLElement>('#link');
  const after = document.documentElement.dataset['event'] ?? '0';
  const events = new EventSource(`/api/v1/events?after=${after}`);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAsking = false;
  let isStale = false;

  function changed(): void {
    if (isAsking) isStale = true;
    else timer ??= setTimeout(() => void refresh(), gatherMs);
  }

  async function refresh(): Promise<void> {
    timer = undefined;
    isAsking = true;
    try {
      const response = await fetch(location.href, { headers: { accept: 'text/html' } });
      if (response.ok) redraw(await response.text());
    } catch {
      // The connection is broken: the event log says so, and asks again when it is back.
    }
    isAsking = false;
    if (!isStale) return;
    isStale = false;
    changed();
  }

  events.addEventListener('message', changed);
  // Asked for events that the farm has dropped: what is on the page is too old to be mended by them.
  events.addEventListener('reset', changed);
  events.addEventListener('open', () => tell(status, ''));
  events.addEventListener('error', () => tell(status, 'No connection to the farm; trying again …'));
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') changed();
  });
}

function redraw(text: string): void {
  const fresh = new DOMParser().parseFromString(text, 'text/html');
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
