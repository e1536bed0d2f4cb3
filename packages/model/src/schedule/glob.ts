/**
 * A test for paths (with `/`, as git has them) against globs, of which one must match the whole
 * path. `*` is any run of characters but `/`, `?` is one of them, `**` is any run with `/` too,
 * `**` and a slash is any number of folders or none, `{a,b}` is either. A glob that ends in `/`
 * means all below it. A brace without its partner stands for itself.
 *
 * All ways through a glob are followed at once, as sets of places in the path: the time grows with
 * the path's length times the glob's, and no glob makes it explode.
 */
export function globMatcher(globs: readonly string[]): (path: string) => boolean {
  const patterns = globs.map((glob) => parse(glob.endsWith('/') ? `${glob}**` : glob));
  return (path) => patterns.some((parts) => follow(path, parts, new Set([0])).has(path.length));
}

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'one' | 'run' | 'deep' | 'folders' }
  | { readonly kind: 'either'; readonly alternatives: readonly (readonly Part[])[] };

function parse(glob: string): Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < glob.length;) {
    const folders = (at === 0 || glob[at - 1] === '/') && glob.startsWith('**/', at);
    const alternatives = glob[at] === '{' ? bracesAt(glob, at) : null;
    if (folders) {
      parts.push({ kind: 'folders' });
      at += 3;
    } else if (glob.startsWith('**', at)) {
      parts.push({ kind: 'deep' });
      at += 2;
    } else if (glob[at] === '*' || glob[at] === '?') {
      parts.push({ kind: glob[at] === '*' ? 'run' : 'one' });
      at += 1;
    } else if (alternatives) {
      parts.push({ kind: 'either', alternatives: alternatives.map(parse) });
      at += alternatives.join(',').length + 2;
    } else {
      const text = String.fromCodePoint(glob.codePointAt(at) ?? 0);
      parts.push({ kind: 'text', text });
      at += text.length;
    }
  }
  return parts;
}

/** The alternatives of the brace that opens at `open`, or null when nothing closes it. */
function bracesAt(glob: string, open: number): string[] | null {
  const alternatives: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let at = open; at < glob.length; at++) {
    const character = glob[at];
    if (character === '{') depth += 1;
    if (character === '}') depth -= 1;
    if (depth === 0 || (depth === 1 && character === ',')) {
      alternatives.push(glob.slice(start, at));
      start = at + 1;
    }
    if (depth === 0) return alternatives;
  }
  return null;
}

type Places = ReadonlySet<number>;

/** The places in the path that can be reached from `places` by matching all parts in turn. */
function follow(path: string, parts: readonly Part[], places: Places): Places {
  let reached = places;
  for (const part of parts) {
    if (reached.size === 0) break;
    reached = pass(path, part, reached);
  }
  return reached;
}

function pass(path: string, part: Part, places: Places): Places {
  switch (part.kind) {
    case 'text':
      return reach(places, (at) => (path.startsWith(part.text, at) ? at + part.text.length : null));
    case 'one':
      return reach(places, (at) => {
        const character = path.codePointAt(at);
        if (character === undefined || path[at] === '/') return null;
        return at + String.fromCodePoint(character).length;
      });
    case 'run':
      return spread(path, places, (at) => path[at] !== '/');
    case 'deep':
      return spread(path, places, () => true);
    case 'folders': {
      const inside = [...spread(path, places, () => true)];
      return new Set([...places, ...inside.filter((at) => path[at - 1] === '/')]);
    }
    case 'either':
      return new Set(part.alternatives.flatMap((parts) => [...follow(path, parts, places)]));
  }
}

function reach(places: Places, move: (at: number) => number | null): Places {
  const reached = new Set<number>();
  for (const at of places) {
    const next = move(at);
    if (next !== null) reached.add(next);
  }
  return reached;
}

/** Each place, and all that follow it for as long as the characters between may be passed. */
function spread(path: string, places: Places, mayPass: (at: number) => boolean): Places {
  const reached = new Set<number>();
  for (const start of places) {
    for (let at = start; !reached.has(at); at++) {
      reached.add(at);
      if (at === path.length || !mayPass(at)) break;
    }
  }
  return reached;
}
