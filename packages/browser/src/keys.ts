type Direction = readonly [dx: number, dy: number];

const directions: Readonly<Record<string, Direction>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  h: [-1, 0],
  l: [1, 0],
  k: [0, -1],
  j: [0, 1],
};

const pages: Readonly<Record<string, string>> = {
  w: '/',
  c: '/console',
  m: '/matrix',
  b: '/breakages',
};

const help = [
  ['← ↓ ↑ → or h j k l', 'from box to box'],
  ['Enter', 'open it'],
  ['/', 'filter'],
  ['w, c, m, b', 'waterfall, console, matrix, breakages'],
  ['?', 'this help'],
] as const;

const boxes = 'a.build, a.tell, a.box, a.chip';

/** Lets hands stay on the keys: what each does stands in the help that `?` shows. */
export function listenToKeys(): void {
  const dialog = helpDialog();
  document.body.append(dialog);
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (act(event.key, dialog)) event.preventDefault();
  });
}

/** Whether the key was one of ours. */
function act(key: string, dialog: HTMLDialogElement): boolean {
  const direction = directions[key];
  if (direction !== undefined) return move(direction);
  if (key === '?') {
    if (dialog.open) dialog.close();
    else dialog.showModal();
    return true;
  }
  if (dialog.open) return false;
  if (key === '/') return openFilter();
  const page = pages[key];
  if (page === undefined) return false;
  location.assign(page);
  return true;
}

/** To the nearest box that way; to the first one when none has the focus. Arrow keys scroll where there is none. */
function move(direction: Direction): boolean {
  const all = [...document.querySelectorAll<HTMLElement>(boxes)];
  const current = all.find((box) => box === document.activeElement);
  if (current === undefined) {
    const first = all.find((box) => box.matches('a.build, a.tell, a.chip')) ?? all[0];
    first?.focus();
    return first !== undefined;
  }
  const best = inCell(all, current, direction) ?? nearest(all, current, direction);
  best?.focus();
  best?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  return best !== undefined;
}

/** The next one in the same cell, where several share it: in its line, or in the line above or below. */
function inCell(
  all: readonly HTMLElement[],
  current: HTMLElement,
  [dx, dy]: Direction,
): HTMLElement | undefined {
  const cell = current.closest('td');
  if (cell === null) return undefined;
  const from = current.getBoundingClientRect();
  const ahead = all.filter((box) => {
    if (box.closest('td') !== cell) return false;
    const to = box.getBoundingClientRect();
    const isInLine = to.top < from.bottom && from.top < to.bottom;
    if (dy === 0) return isInLine && (to.left - from.left) * dx > 0;
    return !isInLine && (to.top - from.top) * dy > 0;
  });
  return dx + dy < 0 ? ahead.at(-1) : ahead[0];
}

/** Of a cell with several it is the first one. */
function nearest(
  all: readonly HTMLElement[],
  current: HTMLElement,
  [dx, dy]: Direction,
): HTMLElement | undefined {
  const from = middleOf(current);
  let best: HTMLElement | undefined;
  let bestDistance = Infinity;
  for (const box of all) {
    const to = middleOf(box);
    const along = (to.x - from.x) * dx + (to.y - from.y) * dy;
    const across = Math.abs((to.x - from.x) * dy) + Math.abs((to.y - from.y) * dx);
    // What lies straight ahead comes before what is nearer but aside.
    const distance = along + 4 * across;
    if (along > 1 && distance < bestDistance) {
      best = box;
      bestDistance = distance;
    }
  }
  return best;
}

function middleOf(box: HTMLElement): { x: number; y: number } {
  const { left, top, width, height } = (box.closest('td') ?? box).getBoundingClientRect();
  return { x: left + width / 2, y: top + height / 2 };
}

function openFilter(): boolean {
  const filter = document.querySelector<HTMLDetailsElement>('.filters');
  if (filter === null) return false;
  filter.open = true;
  filter.querySelector<HTMLElement>('select, input')?.focus();
  return true;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches('input, textarea, select');
}

function helpDialog(): HTMLDialogElement {
  const dialog = document.createElement('dialog');
  dialog.className = 'keys';
  const title = document.createElement('h2');
  title.id = 'keys-title';
  title.textContent = 'Keys';
  dialog.setAttribute('aria-labelledby', title.id);
  const list = document.createElement('dl');
  for (const [key, meaning] of help) {
    const term = document.createElement('dt');
    term.textContent = key;
    const text = document.createElement('dd');
    text.textContent = meaning;
    list.append(term, text);
  }
  const close = document.createElement('form');
  close.method = 'dialog';
  const button = document.createElement('button');
  button.textContent = 'Close';
  close.append(button);
  dialog.append(title, list, close);
  return dialog;
}
