import { styleLine } from '@weir/model/layout';

/** A page keeps so many lines of a log that is followed; older ones are a link away. */
const maxLines = 20_000;
/** What is shown of one line; the raw log has it whole. */
const maxLineLength = 16_384;

/** Adds what a step prints to the page, as it prints it. */
export function followLog(log: HTMLElement): void {
  const { log: id, from } = log.dataset;
  const follow = document.querySelector<HTMLInputElement>('#follow');
  const state = document.querySelector<HTMLElement>('#log-state');
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const page = new LogPage(log);
  const events = new EventSource(`/api/v1/logs/${id}/live?from=${from}`);

  function scroll(): void {
    if (follow?.checked === true) log.lastElementChild?.scrollIntoView({ block: 'end' });
  }

  events.addEventListener('message', (event: MessageEvent<string>) => {
    const bytes = Uint8Array.from(atob(event.data), (character) => character.charCodeAt(0));
    page.add(decoder.decode(bytes, { stream: true }));
    scroll();
  });
  events.addEventListener('end', () => {
    events.close();
    if (state !== null) state.textContent = 'finished';
  });
  follow?.addEventListener('change', scroll);
  scroll();
}

/** The lines on the page; the last one may still grow. */
class LogPage {
  readonly #log: HTMLElement;
  #next: number;
  #open: { text: string; element: HTMLElement } | undefined;

  constructor(log: HTMLElement) {
    this.#log = log;
    this.#next = Number(log.dataset['nextLine'] ?? 0);
  }

  add(text: string): void {
    const lines = text.split('\n');
    const added = document.createDocumentFragment();
    for (const [index, line] of lines.entries()) {
      const isLast = index === lines.length - 1;
      if (isLast && line === '' && this.#open === undefined) break;
      this.#open ??= this.#begin(added);
      if (this.#open.text.length < maxLineLength) this.#open.text += line;
      show(this.#open.element, this.#open.text.slice(0, maxLineLength));
      if (!isLast) this.#open = undefined;
    }
    this.#log.append(added);
    while (this.#log.childElementCount > maxLines) this.#log.firstElementChild?.remove();
  }

  #begin(added: DocumentFragment): { text: string; element: HTMLElement } {
    this.#next += 1;
    const line = document.createElement('span');
    line.className = 'line';
    line.id = `L${this.#next}`;
    const number = document.createElement('a');
    number.className = 'number';
    number.href = `?from=${this.#next - 1}#L${this.#next}`;
    number.textContent = String(this.#next);
    const element = document.createElement('span');
    element.className = 'text';
    line.append(number, element, '\n');
    added.append(line);
    return { text: '', element };
  }
}

/** Text and class names only: nothing that a step prints becomes markup. */
function show(element: HTMLElement, line: string): void {
  element.replaceChildren(
    ...styleLine(line).map(({ text, style }) => {
      const run = document.createElement('span');
      run.textContent = text;
      if (style !== '') run.className = style;
      return run;
    }),
  );
}
