import type { ApiBuilder } from '@weir/protocol';
import { builderMarks } from './builder-marks.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { builderPath } from './links.ts';
import type { Group } from './waterfall-ask.ts';
import { age, glyphOf, paintOf, wordOf } from './words.ts';

/** One box per builder, in groups: filled by its last result, and dated. */
export function builderBoxes(builders: readonly ApiBuilder[], group: Group, now: number): Html[] {
  return [...Map.groupBy(builders, groupings[group])].map(
    ([title, grouped]) =>
      html`<div class="group">
        <h2>${title}</h2>
        <ul>
          ${grouped.map((builder) => box(builder, group, now))}
        </ul>
      </div>`,
  );
}

const groupings: Readonly<Record<Group, (builder: ApiBuilder) => string>> = {
  trunk: ({ upstream, trunk }) => `${upstream}/${trunk}`,
  project: ({ upstream, project }) => project ?? `${upstream}, the runtime`,
  platform: ({ platform }) => platform,
};

/** What the title of its group leaves open. */
const names: Readonly<Record<Group, (builder: ApiBuilder) => readonly [string, string]>> = {
  trunk: ({ project, platform }) => [project ?? 'runtime', platform],
  project: ({ upstream, trunk, platform }) => [`${upstream}/${trunk}`, platform],
  platform: ({ upstream, trunk, project }) => [project ?? 'runtime', `${upstream}/${trunk}`],
};

function box(builder: ApiBuilder, group: Group, now: number): Html {
  const { name, lastBuild, running, workersOnline } = builder;
  const paint = lastBuild === null ? 'none' : paintOf(lastBuild);
  const word = lastBuild === null ? 'never built' : wordOf(paintOf(lastBuild));
  const marks = builderMarks(builder);
  const all = [word, ...(running.length > 0 ? ['building now'] : []), ...marks].join(', ');
  const [title, subtitle] = names[group](builder);
  const when = lastBuild?.finishedAt ?? null;
  return html`<li>
    <a
      class="box ${paint}${running.length > 0 && ' busy'}${workersOnline === 0 && ' off'}"
      href="${builderPath(name)}"
      title="${name}: ${all}"
    >
      <span aria-hidden="true">${lastBuild === null ? '·' : glyphOf(paintOf(lastBuild))}</span>
      <span class="name">${title} <span class="quiet">${subtitle}</span></span>
      <span class="hidden">${all}</span>
      ${when !== null && html`<span class="when">${age(when, now)}</span> `}
      ${marks.map((mark) => html`<span class="mark" aria-hidden="true">${mark}</span> `)}</a
    >
  </li>`;
}
