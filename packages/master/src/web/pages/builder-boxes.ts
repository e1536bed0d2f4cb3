import type { ApiBuilder } from '@weir/protocol';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { builderPath } from './links.ts';
import { age, glyphOf, paintOf, wordOf } from './words.ts';

/** One box per builder, in groups by trunk: filled by its last result, and dated. */
export function builderBoxes(builders: readonly ApiBuilder[], now: number): Html[] {
  const groups = Map.groupBy(builders, ({ upstream, trunk }) => `${upstream}/${trunk}`);
  return [...groups].map(
    ([trunk, group]) =>
      html`<div class="group">
        <h2>${trunk}</h2>
        <ul>
          ${group.map((builder) => box(builder, now))}
        </ul>
      </div>`,
  );
}

function box(builder: ApiBuilder, now: number): Html {
  const { name, lastBuild, running, stale, workersOnline } = builder;
  const paint = lastBuild === null ? 'none' : paintOf(lastBuild);
  const word = lastBuild === null ? 'never built' : wordOf(paintOf(lastBuild));
  const marks = [
    running.length > 0 ? ', building now' : '',
    workersOnline === 0 ? ', no worker online' : '',
    stale ? ', stale' : '',
  ].join('');
  const text = `${name}: ${word}${marks}`;
  const when = lastBuild?.finishedAt ?? null;
  return html`<li>
    <a
      class="box ${paint}${running.length > 0 && ' busy'}${stale && ' stale'}"
      href="${builderPath(name)}"
      title="${text}"
    >
      <span aria-hidden="true">${lastBuild === null ? '·' : glyphOf(paintOf(lastBuild))}</span>
      <span class="name"
        >${builder.project ?? 'runtime'} <span class="quiet">${builder.platform}</span></span
      >
      ${workersOnline === 0 && html`<span title="no worker online">⏻</span>`}
      <span class="hidden">${word}${marks}</span
      >${when !== null && html` <span class="when">${age(when, now)}</span>`}</a
    >
  </li>`;
}
