import type { Farm } from '@weir/model';
import { isInsecure } from '@weir/model';
import type { ApiBuildSummary, ApiWorker } from '@weir/protocol';
import type { Visit } from './frame.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import type { JoinPlace } from './join-command.ts';
import { fetchCommand, joinCommand } from './join-command.ts';
import type { RegisterAsk } from './register-ask.ts';
import { isWhole } from './register-ask.ts';
import { registerProgress } from './register-progress.ts';
import type { Habits } from './what-runs.ts';
import { whatRuns } from './what-runs.ts';

export interface RegisterView {
  readonly ask: RegisterAsk;
  readonly farm: Farm;
  readonly place: JoinPlace;
  readonly habits: Habits;
  /** Who has the name already, and its builds, newest first. */
  readonly worker: ApiWorker | undefined;
  readonly builds: readonly ApiBuildSummary[];
}

/** From "what is this" to the first green build, on one page. Whatever is chosen stands in its address. */
export function registerPage(visit: Visit, view: RegisterView): Html {
  const { ask, farm, habits } = view;
  return html`<h1>Lend a machine to ${farm.name}</h1>
    <p>
      Your machine runs the test suites of projects with the newest ${languages(farm)}, and whoever
      broke something hears of it the same day. You decide which projects, when and how much, on
      your side: what your machine's own settings say wins. It only ever connects outwards; you can
      pause it or leave at any moment.
    </p>
    <h2>1. What it needs</h2>
    <ul>
      <li>
        <b>Node 24.15 or newer</b>: <code>node --version</code> says what you have;
        <a href="https://nodejs.org/en/download">nodejs.org</a> has it for every system.
      </li>
      <li><b>git</b>, and the tools that the commands below call.</li>
      <li>
        On Linux <b>bubblewrap</b> for the sandbox: <code>apt install bubblewrap</code> or
        <code>dnf install bubblewrap</code>. Without it the worker refuses to start, unless you tell
        it <code>--sandbox none</code>.
      </li>
    </ul>
    <p>Platforms that this farm builds on: ${platforms(farm)}</p>
    <h2>2. Who you are, and how much you give</h2>
    ${form(ask, farm)}
    <h2>3. What will run on it</h2>
    ${whatRuns(farm, ask.projects, habits)}
    <h2>4. Join</h2>
    ${isWhole(ask) ? joining(visit, view) : html`<p class="quiet">Choose a name above, and the command appears here.</p>`}`;
}

function languages({ upstreams }: Farm): string {
  const names = [...upstreams.keys()];
  return names.length < 3 ? names.join(' and ') : `${names.slice(0, 2).join(', ')} and more`;
}

function platforms(farm: Farm): Html[] {
  return [...farm.platforms].map(
    ([name, labels], index) =>
      html`${index > 0 && '; '}<b>${name}</b> <span class="quiet">(${labels.join(', ')})</span>`,
  );
}

function form({ name, owner, slots, projects, invite, wrong }: RegisterAsk, farm: Farm): Html {
  const hint = (field: 'name' | 'owner' | 'slots' | 'invite', text: string): Html => {
    const error = wrong.get(field);
    return html`<small id="${field}-hint" class="${error === undefined ? 'quiet' : 'wrong'}"
      >${error ?? text}</small
    >`;
  };
  return html`<form class="register" method="get" action="/register">
    <label
      >Name of the machine
      <input name="name" value="${name}" required maxlength="63" autocomplete="off" aria-describedby="name-hint" />
      ${hint('name', 'As the farm will call it: my-machine')}</label
    >
    <label
      >Your mail address
      <input name="owner" type="email" value="${owner}" maxlength="200" autocomplete="email" aria-describedby="owner-hint" />
      ${hint('owner', 'Only for news about this machine: it is missing, it fails what others pass.')}</label
    >
    <label
      >Builds at once
      <input name="slots" type="number" min="1" max="256" value="${slots}" required aria-describedby="slots-hint" />
      ${hint('slots', 'One needs about a core.')}</label
    >
    <label
      >Invitation
      <input name="invite" value="${invite ?? ''}" maxlength="100" autocomplete="off" aria-describedby="invite-hint" />
      ${hint('invite', 'If an admin gave you one; else an admin accepts the machine by hand.')}</label
    >
    ${farm.projects.size > 0 && projectChoice(farm, projects)}
    <button type="submit">Show the command</button>
  </form>`;
}

function projectChoice({ projects }: Farm, chosen: readonly string[]): Html {
  return html`<fieldset>
    <legend>Projects <span class="quiet">(none chosen: all)</span></legend>
    ${[...projects.keys()].map(
      (name) =>
        html`<label class="choice"
          ><input type="checkbox" name="project" value="${name}" ${chosen.includes(name) ? html` checked` : ''} />
          ${name}</label
        >`,
    )}
  </fieldset>`;
}

function joining({ now }: Visit, { ask, place, worker, builds }: RegisterView): Html {
  return html`<p>In an empty folder, as an ordinary user:</p>
    <pre class="log" id="command" tabindex="0" data-copy>${fetchCommand(place)}\n${joinCommand(place, ask)}</pre>
    <p>
      The first line fetches the worker, one file, and checks that its SHA-256 is
      <code class="hash">${place.agentSha256}</code>. The key in the second one is this farm's
      fingerprint: your worker talks to no other farm.
    </p>
    ${isInsecure(place.origin) && html`<p class="warning">This farm is not reached by https: whoever is on the way could change what your machine runs.</p>`}
    <h2>5. Watch it come</h2>
    <div id="progress" data-live>${registerProgress(ask.name, worker, builds, now)}</div>
    <p class="quiet">
      Ctrl-C lets running builds end; <code>node weir-worker.mjs run</code> comes back. In its place
      <code>doctor</code> looks for what the machine lacks, <code>status</code> gives you a link to
      its page as its owner, and <code>pause</code>, <code>slots</code> and <code>leave</code> do what
      they say.
    </p>`;
}
