/** A run of text in one style. `style` holds words like `bold` and `fg-2`; empty: as it is. */
export interface StyledText {
  readonly text: string;
  readonly style: string;
}

/**
 * A line of a log as text in styles: colours and weights of ECMA-48 SGR are kept, every other escape
 * and control character is dropped, and what a carriage return wrote over is gone, as on a terminal.
 */
export function styleLine(line: string): StyledText[] {
  const shown = line.replace(/\r+$/, '');
  const rewritten = shown.slice(shown.lastIndexOf('\r') + 1);
  const runs: StyledText[] = [];
  let style: Style = plain;
  let at = 0;
  for (const match of rewritten.matchAll(escapes)) {
    addRun(runs, rewritten.slice(at, match.index), style);
    if (match[1] !== undefined) style = applySgr(style, match[1]);
    at = match.index + match[0].length;
  }
  addRun(runs, rewritten.slice(at), style);
  return runs;
}

interface Style {
  readonly bold: boolean;
  readonly dim: boolean;
  readonly italic: boolean;
  readonly underline: boolean;
  /** 0 to 15, or null for the page's own. */
  readonly foreground: number | null;
  readonly background: number | null;
}

const plain: Style = {
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  foreground: null,
  background: null,
};

// SGR (its parameters in the group), other CSI sequences, OSC and other strings up to their end, other two-byte escapes.
const escapes =
  // oxlint-disable-next-line no-control-regex
  /\u001b\[([0-9;:]*)m|\u001b\[[0-?]*[ -/]*[@-~]?|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -/]*[0-~]?/g;
// oxlint-disable-next-line no-control-regex
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function addRun(runs: StyledText[], raw: string, style: Style): void {
  const text = raw.replace(controls, '');
  if (text !== '') runs.push({ text, style: wordsOf(style) });
}

function wordsOf(style: Style): string {
  const words: string[] = [];
  for (const word of ['bold', 'dim', 'italic', 'underline'] as const) {
    if (style[word]) words.push(word);
  }
  if (style.foreground !== null) words.push(`fg-${style.foreground}`);
  if (style.background !== null) words.push(`bg-${style.background}`);
  return words.join(' ');
}

function applySgr(before: Style, parameters: string): Style {
  let style = before;
  const codes = parameters.split(/[;:]/).map(Number);
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index] ?? 0;
    // 256 and 24-bit colours are not shown; their arguments are no codes of their own.
    if (code === 38 || code === 48) index += codes[index + 1] === 2 ? 4 : 2;
    else style = applyCode(style, code);
  }
  return style;
}

function applyCode(style: Style, code: number): Style {
  if (code === 0) return plain;
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 3) return { ...style, italic: true };
  if (code === 4) return { ...style, underline: true };
  if (code === 22) return { ...style, bold: false, dim: false };
  if (code === 23) return { ...style, italic: false };
  if (code === 24) return { ...style, underline: false };
  if (code >= 30 && code <= 37) return { ...style, foreground: code - 30 };
  if (code === 39) return { ...style, foreground: null };
  if (code >= 40 && code <= 47) return { ...style, background: code - 40 };
  if (code === 49) return { ...style, background: null };
  if (code >= 90 && code <= 97) return { ...style, foreground: code - 82 };
  if (code >= 100 && code <= 107) return { ...style, background: code - 92 };
  return style;
}
