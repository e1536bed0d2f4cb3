/** What begins a section that a parser gathers whole before it tells, and what ends it. */
const begin = /<!(?:\[CDATA\[|--)/;
const endOf: Readonly<Record<string, string>> = { '<![CDATA[': ']]>', '<!--': '-->' };
const longestMark = '<![CDATA['.length;
/** Of a longer section the rest is dropped. */
const maxSection = 64 * 1024;

/** XML in pieces, its CDATA sections and comments cut to what a reader can have a use for. */
export function* shortSections(pieces: Iterable<string>): Generator<string> {
  /** The end that is looked for; null: outside of sections. */
  let end: string | null = null;
  let room = 0;
  let rest = '';
  for (const piece of pieces) {
    rest += piece;
    for (;;) {
      if (end === null) {
        const mark = begin.exec(rest);
        if (mark === null) break;
        yield rest.slice(0, mark.index + mark[0].length);
        rest = rest.slice(mark.index + mark[0].length);
        end = endOf[mark[0]] ?? '';
        room = maxSection;
      }
      const at: number = rest.indexOf(end);
      const length = at === -1 ? Math.max(0, rest.length - longestMark) : at;
      const kept = Math.min(length, room);
      // A cut may leave half a character, which the parser would read together with what follows.
      yield kept < length ? rest.slice(0, kept).toWellFormed() : rest.slice(0, kept);
      room -= kept;
      rest = rest.slice(length);
      if (at === -1) break;
      end = null;
    }
    if (end !== null) continue;
    // It may end with the first half of a mark.
    const whole = Math.max(0, rest.length - longestMark);
    yield rest.slice(0, whole);
    rest = rest.slice(whole);
  }
  yield rest;
}
