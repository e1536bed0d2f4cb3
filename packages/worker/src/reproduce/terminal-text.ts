import { StringDecoder } from 'node:string_decoder';

const esc = '\u001b';
/** The start of a colour, at the end of what is there of it. */
const cutOff = new RegExp(`${esc}(\\[[\\d;]{0,40})?$`);
const controls = new RegExp(`(${esc}\\[[\\d;]{0,40}m)|[\\p{Cc}\\p{Cf}]`, 'gu');

/**
 * What a step prints, for a terminal: colours, tabs and lines pass. Whatever else a terminal would
 * obey does not, since the farm's word for what is run here is all that is known of it.
 */
export class TerminalText {
  readonly #decoder = new StringDecoder('utf8');
  #held = '';

  clean(bytes: Uint8Array): string {
    const text = this.#held + this.#decoder.write(Buffer.from(bytes));
    this.#held = cutOff.exec(text)?.[0] ?? '';
    return withoutControls(text.slice(0, text.length - this.#held.length));
  }

  /** What was held back, and the end of all colours. */
  end(): string {
    const rest = withoutControls(this.#held + this.#decoder.end());
    this.#held = '';
    return `${rest}${esc}[0m`;
  }
}

function withoutControls(text: string): string {
  return text.replace(controls, (control, colour: string | undefined) => {
    if (colour !== undefined || control === '\n' || control === '\r' || control === '\t') {
      return control;
    }
    return '\uFFFD';
  });
}
