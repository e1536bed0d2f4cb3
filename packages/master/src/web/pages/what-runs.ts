import { buildersOf } from '@weir/model';
import type { Farm } from '@weir/model';
import { durationText } from '@weir/model/layout';
import type { StepSpec } from '@weir/protocol';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { bytesText } from './words.ts';

/** How long a green build of each builder usually takes, in milliseconds, by the builder's name. */
export type UsualTimes = ReadonlyMap<string, number>;

/** What a machine that joins would be asked to run: every command, before anything is joined. */
export function whatRuns(farm: Farm, chosen: readonly string[], usual: UsualTimes): Html {
  const projects = [...farm.projects.values()].filter(
    ({ name }) => chosen.length === 0 || chosen.includes(name),
  );
  const wanted = new Set(
    projects.flatMap(({ trunks }) => trunks.map((trunk) => trunk.split('/')[0])),
  );
  const upstreams = [...farm.upstreams.values()].filter(
    ({ name }) => chosen.length === 0 || wanted.has(name),
  );
  return html`${upstreams.map(
    ({ name, repository, steps, trunks }) =>
      html`<details class="runs">
        <summary>
          <b>${name}</b> itself, when ${[...trunks.keys()].join(' or ')} moves
          ${timeOf(farm, usual, (builder) => builder.upstream === name && builder.project === null)}
        </summary>
        <p class="quiet">from ${repository}</p>
        ${stepTable(steps)}
      </details>`,
  )}
  ${projects.map(
    ({ name, repository, steps, trunks }) =>
      html`<details class="runs">
        <summary>
          <b>${name}</b>, when it or ${trunks.join(' or ')} moves
          ${timeOf(farm, usual, ({ project }) => project === name)}
        </summary>
        <p class="quiet">
          ${repository === null ? 'without a repository: in an empty folder' : `from ${repository}`}
        </p>
        ${stepTable(steps)}
      </details>`,
  )}
  ${limits(farm)}`;
}

function timeOf(
  farm: Farm,
  usual: UsualTimes,
  isIts: (builder: { upstream: string; project: string | null }) => boolean,
): Html | null {
  const times = buildersOf(farm).flatMap((builder) =>
    isIts(builder) ? (usual.get(builder.name) ?? []) : [],
  );
  if (times.length === 0) return null;
  return html`<span class="quiet">takes about ${durationText(Math.max(...times))}</span>`;
}

function stepTable(steps: readonly StepSpec[]): Html {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Steps">
    <table class="builds">
      <thead>
        <tr>
          <th scope="col">Step</th>
          <th scope="col">Network</th>
          <th scope="col">At most</th>
          <th scope="col">Command</th>
        </tr>
      </thead>
      <tbody>
        ${steps.map(
          ({ name, network, timeoutMs, run }) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td>${network ? html`<b>yes</b>` : 'no'}</td>
              <td>${durationText(timeoutMs)}</td>
              <td><pre class="command-text">${run.trim()}</pre></td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function limits({ limits: most }: Farm): Html {
  return html`<p>
    One build may use ${bytesText(most.memoryBytes)} of memory, ${bytesText(most.diskBytes)} of disk
    and ${most.processes} processes. In the sandbox it sees none of your files and none of your
    processes, and has the network only where it says so above.
  </p>`;
}
