import { isConclusive } from '@weir/model';
import type { VerdictView } from '../read/verdicts.ts';
import { builderMarks } from './builder-marks.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { breakagePath, buildPath, builderPath } from './links.ts';
import { age, verdictClass, verdictGlyph } from './words.ts';

/**
 * A project with a trunk, a link for each platform that leads to why its verdict is so. The first
 * one, which is the worst, is spelled out; of the others there is a mark each.
 */
export function matrixCell(
  builders: readonly VerdictView[],
  letters: ReadonlyMap<string, string>,
  now: number,
): Html {
  const [worst, ...others] = builders;
  if (worst === undefined) {
    return html`<td class="other"><span class="hidden">not tested</span></td>`;
  }
  return html`<td>
    <div class="chips">
      ${spelledOut(worst, letters, now)} ${others.map((each) => small(each, letters, now))}
    </div>
  </td>`;
}

function spelledOut(view: VerdictView, letters: ReadonlyMap<string, string>, now: number): Html {
  const { verdict, verdictAt, platform } = view;
  const marks = marksOf(view);
  return html`<a class="chip ${stylesOf(view)}" href="${whyOf(view).path}" title="${titleOf(view)}"
    ><span aria-hidden="true">${verdictGlyph(verdict)} ${letters.get(platform)}</span
    ><span class="hidden">${platform}:</span> <b>${verdict}</b>${
      view.isBuilding && html`<span class="hidden">, builds now</span>`
    }
    <span class="when">${verdictAt !== null && age(verdictAt, now)}</span>
    ${marks.map((mark) => html`<span class="mark">${mark}</span> `)}</a
  >`;
}

function small(view: VerdictView, letters: ReadonlyMap<string, string>, now: number): Html {
  const { verdict, verdictAt, platform } = view;
  const more = marksOf(view).length > 0 && '…';
  return html`<a class="chip small ${stylesOf(view)}" href="${whyOf(view).path}" title="${titleOf(view)}"
      ><span aria-hidden="true">${verdictGlyph(verdict)} ${letters.get(platform)}${more}</span
      ><span class="hidden"
        >${platform}: ${factsOf(view).join(', ')}
        ${verdictAt !== null && age(verdictAt, now)}</span
      ></a
    > `;
}

function stylesOf({ verdict, stale, isBuilding }: VerdictView): string {
  return `${verdictClass(verdict)}${stale ? ' stale' : ''}${isBuilding ? ' busy' : ''}`;
}

/** Why the verdict may not be today's truth, in words. */
function marksOf(view: VerdictView): string[] {
  const { lastResult: last } = view;
  const silent = last !== null && !isConclusive(last) ? [`last one ${last}`] : [];
  return [...builderMarks(view), ...silent];
}

/** Begins with the name and the verdict: by that the page tells what has changed on it. */
function titleOf(view: VerdictView): string {
  return `${view.name}: ${factsOf(view).join(', ')}, see ${whyOf(view).what}`;
}

function factsOf(view: VerdictView): string[] {
  return [view.verdict, ...marksOf(view), ...(view.isBuilding ? ['builds now'] : [])];
}

/** One click from the verdict to what it goes back to. */
function whyOf({ name, verdict, breakage, build }: VerdictView): { path: string; what: string } {
  if (breakage !== null) return { path: breakagePath(breakage), what: `breakage ${breakage}` };
  if (build === null) return { path: builderPath(name), what: 'the builder' };
  const path = buildPath(build);
  if (verdict === 'red') return { path, what: 'the build that turned it red' };
  return { path, what: verdict === 'green' ? 'the last green build' : 'the last build' };
}
