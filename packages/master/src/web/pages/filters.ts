import { results } from '@weir/protocol';
import type { Html } from './html.ts';
import { html } from './html.ts';
import type { WaterfallAsk } from './waterfall-ask.ts';

const fields = [
  ['upstream', 'Upstream'],
  ['trunk', 'Trunk'],
  ['project', 'Project'],
  ['platform', 'Platform'],
  ['worker', 'Worker'],
] as const;

/** A form that makes the address: whatever it shows can be sent to others as a link. */
export function filters(ask: WaterfallAsk): Html {
  const isFiltered =
    fields.some(([name]) => ask[name] !== undefined) || ask.result !== undefined || ask.red;
  return html`<details class="filters"${isFiltered && html` open`}>
    <summary>Filter</summary>
    <form method="get" action="/">
      ${fields.map(
        ([name, label]) =>
          html`<label>${label} <input name="${name}" value="${ask[name] ?? ''}" size="12" /></label>`,
      )}
      <label>Result
        <select name="result">
          <option value="">any</option>
          ${results.map((result) => html`<option${result === ask.result && html` selected`}>${result}</option>`)}
        </select>
      </label>
      <label><input type="checkbox" name="red" value="1"${ask.red && html` checked`} /> only red builders</label>
      <button type="submit">Show</button>
      ${isFiltered && html`<a href="/">Show all</a>`}
    </form>
  </details>`;
}
