/** Tells who can't see the page what has changed on it: results and statuses, in their own words. */
export class News {
  readonly #region = document.createElement('p');
  #known = statesOnPage();

  constructor() {
    this.#region.className = 'hidden';
    this.#region.setAttribute('role', 'status');
    document.body.append(this.#region);
  }

  /** Reads out what differs from the last time. */
  tell(): void {
    const states = statesOnPage();
    const news = [...states].filter(([name, state]) => this.#known.get(name) !== state);
    this.#known = states;
    if (news.length > 0) this.#region.textContent = news.map((each) => each.join(': ')).join('; ');
  }
}

/** By name: the last result of each builder, or its verdict, the status of each trunk, how the build on its own page is. */
function statesOnPage(): Map<string, string> {
  const states = new Map<string, string>();
  for (const { title } of document.querySelectorAll<HTMLElement>('a.box, a.chip')) {
    const [, name = '', result = ''] = /^([^:]*): ([^,]*)/.exec(title) ?? [];
    states.set(name, result);
  }
  for (const tree of document.querySelectorAll('.tree')) {
    states.set(wordsOf(tree.querySelector('a')), wordsOf(tree.querySelector('.status')));
  }
  const lead = document.querySelector('main .lead');
  if (lead !== null) states.set(wordsOf(document.querySelector('h1')), wordsOf(lead));
  return states;
}

function wordsOf(element: Element | null): string {
  return element?.textContent.replaceAll(/\s+/g, ' ').trim() ?? '';
}
