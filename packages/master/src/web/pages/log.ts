import { bytesText } from '@weir/model/layout';
import { styleLine } from '@weir/model/layout';
import type { Visit } from './frame.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { buildPath, builderPath, logPath } from './links.ts';
import { countText } from './words.ts';

export interface LogView {
  readonly id: number;
  readonly build: { readonly id: number; readonly builder: string; readonly number: number };
  readonly step: string;
  readonly bytes: number;
  readonly totalLines: number;
  readonly printed: number;
  readonly ranges: readonly (readonly [number, number])[];
  /** No more will come. */
  readonly isClosed: boolean;
  readonly lines: readonly {
    readonly number: number;
    readonly text: string;
    readonly cut: boolean;
  }[];
  /** Where the script goes on: the place, in what was printed, behind the last line shown. */
  readonly followFrom: number | null;
  readonly from: number;
}

/** So many lines stand in one page. */
export const linesInPage = 2_000;

export function logPage(visit: Visit, view: LogView): Html {
  const { id, build, step, bytes, totalLines, isClosed, lines, from, followFrom } = view;
  const next = from + lines.length;
  return html`<h1>Log of ${step}</h1>
    <p>
      <a href="${builderPath(build.builder)}">${build.builder}</a>
      <a href="${buildPath(build.id)}">#${build.number}</a> ·
      <span id="extent">${bytesText(bytes)}, ${countText(totalLines, 'line')}</span> ·
      <a href="/api/v1/logs/${id}" download="build-${build.id}-${step}.log">raw</a>
      <span id="log-state" role="status">${isClosed ? 'finished' : 'running'}</span>
      <label class="follow"
        ><input type="checkbox" id="follow" ${isClosed ? '' : html` checked`} /> follow</label
      >
    </p>
    ${cutNote(view)}
    ${from > 0 && html`<p><a href="${logPath(id)}?from=${Math.max(0, from - linesInPage)}">Earlier lines</a> · <a href="${logPath(id)}?from=0">First line</a></p>`}
    <pre
      class="log full"
      id="log"
      role="log"
      aria-live="off"
      tabindex="0"
      data-log="${id}"
      ${followFrom !== null && html` data-from="${followFrom}"`}
      data-next-line="${next}"
    >
${lines.map((line) => numbered(id, line))}</pre>
    ${next < totalLines && html`<p><a href="${logPath(id)}?from=${next}">Later lines</a> · <a href="${logPath(id)}">Last lines</a></p>`}`;
}

function cutNote({ ranges, printed, bytes }: LogView): Html | null {
  const [head, tail] = ranges;
  if (head === undefined || tail === undefined) return null;
  return html`<p class="warning">
    The step printed ${bytesText(printed)}; ${bytesText(bytes)} are kept. Cut: bytes ${head[1]} to
    ${tail[0]}.
  </p>`;
}

function numbered(id: number, { number, text, cut }: LogView['lines'][number]): Html {
  const line = number + 1;
  // The page is named, too: the last one shows other lines tomorrow.
  const link = `${logPath(id)}?from=${number - (number % linesInPage)}#L${line}`;
  return html`<span class="line" id="L${line}"
    ><a class="number" href="${link}" aria-label="line ${line}">${line}</a
    ><span class="text"
      >${logLine(text)}${cut && html`<span class="cut"> … line cut here; the raw log has it whole</span>`}</span
    >
  </span>`;
}

/** One line as it would look on a terminal: colours kept, all else that a step can print made harmless. */
export function logLine(line: string): Html[] {
  return styleLine(line).map(({ text, style }) =>
    style === '' ? html`${text}` : html`<span class="${style}">${text}</span>`,
  );
}
