import { buildersOf, trunksOf } from '@weir/model';
import type { Farm, FarmStep } from '@weir/model';
import { bytesText } from '@weir/model/layout';
import { durationText } from '@weir/model/layout';
import type { ServiceSpec } from '@weir/protocol';
import type { Habit } from '../read/habits.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { countText } from './words.ts';

/** What each builder is used to, by its name. */
export type Habits = ReadonlyMap<string, Habit>;

/** So many are read at a glance: more are folded up. */
const mostOpen = 4;

/** What a machine that joins would be asked to run: every command, before anything is joined. */
export function whatRuns(farm: Farm, chosen: readonly string[], habits: Habits): Html {
  const projects = [...farm.projects.values()].filter(
    ({ name }) => chosen.length === 0 || chosen.includes(name),
  );
  const wanted = new Set(
    projects.flatMap((project) => trunksOf(project).map((trunk) => trunk.split('/')[0])),
  );
  const upstreams = [...farm.upstreams.values()].filter(
    ({ name }) => chosen.length === 0 || wanted.has(name),
  );
  const isShort = upstreams.length + projects.length <= mostOpen;
  return html`${upstreams.map(
    ({ name, repository, steps, trunks }) =>
      html`<details class="runs" ${isShort ? html` open` : ''}>
        <summary>
          <b>${name}</b> itself, when ${[...trunks.keys()].join(' or ')} moves
          ${habitOf(farm, habits, (builder) => builder.upstream === name && builder.project === null)}
        </summary>
        <p class="quiet">from ${repository}</p>
        ${stepTable(steps)}
      </details>`,
  )}
  ${projects.map((project) => {
    const { name, repository, services, steps } = project;
    return html`<details class="runs" ${isShort ? html` open` : ''}>
        <summary>
          <b>${name}</b>, when it or ${trunksOf(project).join(' or ')} moves
          ${habitOf(farm, habits, (builder) => builder.project === name)}
        </summary>
        <p class="quiet">
          ${repository === null ? 'without a repository: in an empty folder' : `from ${repository}`}
        </p>
        ${services.length > 0 && serviceList(services)} ${stepTable(steps)}
      </details>`;
  })}
  ${limits(farm)}`;
}

/** How long one of these takes at most, and how many a day there are of all of them. */
function habitOf(
  farm: Farm,
  habits: Habits,
  isIts: (builder: { upstream: string; project: string | null }) => boolean,
): Html | null {
  const its = buildersOf(farm).flatMap((builder) =>
    isIts(builder) ? (habits.get(builder.name) ?? []) : [],
  );
  const times = its.flatMap(({ usualMs }) => usualMs ?? []);
  const perDay = its.flatMap((habit) => habit.perDay ?? []).reduce((sum, one) => sum + one, 0);
  const texts = [
    ...(times.length > 0 ? [`takes about ${durationText(Math.max(...times))}`] : []),
    ...(perDay > 0 ? [frequencyText(perDay)] : []),
  ];
  return texts.length === 0 ? null : html`<span class="quiet">${texts.join(', ')}</span>`;
}

function frequencyText(perDay: number): string {
  const [count, span] = perDay < 1 ? [perDay * 7, 'week'] : [perDay, 'day'];
  return `about ${countText(Math.max(1, Math.round(count)), 'build')} a ${span}`;
}

/** Such builds only come to a machine whose owner wants them. */
function serviceList(services: readonly ServiceSpec[]): Html {
  return html`<p>
      Only on machines that run containers
      (<code>npm install testcontainers</code> beside the agent), with these beside its steps:
    </p>
    <ul>
      ${services.map(
        ({ image, memoryBytes }) =>
          html`<li><code>${image}</code>, with up to ${bytesText(memoryBytes)} of memory</li>`,
      )}
    </ul>`;
}

function stepTable(steps: readonly FarmStep[]): Html {
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
          ({ name, platforms, network, timeoutMs, run }) =>
            html`<tr>
              <th scope="row">
                ${name}${platforms !== undefined && html` <span class="quiet">on ${platforms.join(', ')} only</span>`}
              </th>
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
