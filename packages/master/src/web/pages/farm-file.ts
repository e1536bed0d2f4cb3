import { buildersInWords, sourceInWords } from '@weir/model';
import type { ApiFarmVersion } from '@weir/protocol';
import type { Visit } from './frame.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { versionPath } from './links.ts';
import { age } from './words.ts';

export interface FarmFileView {
  readonly versions: readonly ApiFarmVersion[];
  /** The query of the page after this one. */
  readonly older: string | null;
}

/** The farm files that are and were in force. */
export function farmFilePage({ now }: Visit, { versions, older }: FarmFileView): Html {
  return html`<h1>The farm file</h1>
    <p>
      What this farm builds, on what, and whom it tells stands in one YAML file:
      <a href="/farm-file/reference">what it may say</a>. Every file that came into force is kept
      here as a version.
    </p>
    <div id="versions" data-live>
      <div class="scroll" tabindex="0" role="group" aria-label="Versions">
        <table class="builds">
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col">Applied</th>
              <th scope="col">By</th>
              <th scope="col">From</th>
              <th scope="col">Builders</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            ${versions.map((version) => row(version, now))}
          </tbody>
        </table>
      </div>
      ${older !== null && html`<p><a href="/farm-file?${older}">Older</a></p>`}
    </div>`;
}

function row(version: ApiFarmVersion, now: number): Html {
  const { id, at, by, reason, isInForce } = version;
  return html`<tr>
    <td>
      <a href="${versionPath(id)}">${id}</a> ${isInForce && html`<strong>in force</strong>`}
    </td>
    <td>${age(at, now)}</td>
    <td>${by}</td>
    <td class="wide">${sourceInWords(version)}</td>
    <td>${buildersInWords(version)}</td>
    <td class="why">${reason}</td>
  </tr>`;
}
