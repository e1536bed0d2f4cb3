import { results } from '@weir/protocol';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { groups, waterfallPath } from './waterfall-ask.ts';
import type { Waterfall } from './waterfall-data.ts';

const fields = [
  ['upstream', 'Upstream'],
  ['trunk', 'Trunk'],
  ['project', 'Project'],
  ['platform', 'Platform'],
  ['tier', 'Tier'],
  ['worker', 'Worker'],
] as const;

/** A form that makes the address: whatever it shows can be sent to others as a link. */
export function filters({ ask, choices }: Waterfall): Html {
  const isFiltered =
    fields.some(([name]) => ask[name] !== undefined) ||
    ask.result !== undefined ||
    ask.red ||
    ask.builders.length > 0;
  const isSmall = ask.zoom === 'small';
  return html`<div class="view">
    <details class="filters" ${isFiltered && html` open`}>
      <summary>Filter</summary>
      <form method="get" action="/">
        ${fields.map(([name, label]) => choice(name, label, choices[name], ask[name]?.toString()))}
        ${choice('result', 'Result', results, ask.result)}
        <label><input type="checkbox" name="red" value="1" ${ask.red && html` checked`} /> only red builders</label>
        ${ask.builders.map((name) => html`<label><input type="checkbox" name="builder" value="${name}" checked /> ${name}</label>`)}
        ${isSmall && html`<input type="hidden" name="zoom" value="small" />`}
        ${ask.group !== 'trunk' && html`<input type="hidden" name="group" value="${ask.group}" />`}
        <button type="submit">Show</button>
        ${isFiltered && html`<a href="${waterfallPath({ zoom: ask.zoom, group: ask.group })}">Show all</a>`}
      </form>
    </details>
    <a href="${waterfallPath({ ...ask, zoom: isSmall ? 'normal' : 'small' })}"
      >${isSmall ? 'Larger boxes' : 'Smaller boxes'}</a
    >
    <span
      >Boxes by
      ${groups.map(
        (group) =>
          html`<a href="${waterfallPath({ ...ask, group })}" ${group === ask.group && html` aria-current="true"`}>${group}</a> `,
      )}</span
    >
  </div>`;
}

/** A parameter of the query that is one of some values, or any. */
export function choice(
  name: string,
  label: string,
  values: readonly string[],
  chosen: string | undefined,
): Html {
  // What the address names may be gone from the farm: it stays chosen, and shows nothing.
  const all = chosen === undefined || values.includes(chosen) ? values : [...values, chosen];
  return html`<label
    >${label}
    <select name="${name}">
      <option value="">any</option>
      ${all.map((value) => html`<option ${value === chosen && html` selected`}>${value}</option>`)}
    </select></label
  >`;
}
