import type { ApiChange } from '@weir/protocol';
import type { Visit } from './frame.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { changePath } from './links.ts';
import { age, shortCommit } from './words.ts';

/** So many files are named; a merge may touch thousands. */
const maxFiles = 200;

export function changePage({ now }: Visit, change: ApiChange): Html {
  const { branch, commit, author, authoredAt, committer, committedAt, seenAt } = change;
  const { subject, message, files, parent } = change;
  return html`<h1>${subject}</h1>
    <dl class="facts-list">
      <div><dt>Branch</dt><dd>${branch}</dd></div>
      <div><dt>Commit</dt><dd><code>${commit}</code></dd></div>
      <div><dt>Parent</dt><dd>${parent === null ? 'none' : html`<code>${parent}</code>`}</dd></div>
      <div><dt>Author</dt><dd>${author.name} &lt;${author.email}&gt;, ${age(authoredAt, now)}</dd></div>
      <div><dt>Committer</dt><dd>${committer.name} &lt;${committer.email}&gt;, ${age(committedAt, now)}</dd></div>
      <div><dt>Seen</dt><dd>${age(seenAt, now)}</dd></div>
    </dl>
    <pre class="message">${message}</pre>
    <h2>Files</h2>
    ${fileList(files)}`;
}

/** A change in one line, for long lists. */
export function changeLine(change: ApiChange, now: number): Html {
  const { id, commit, author, authoredAt, subject } = change;
  return html`<a href="${changePath(id)}"><b>${subject}</b></a>
    <span class="author">${author.name}</span>, ${age(authoredAt, now)}, ${shortCommit(commit)}`;
}

/** A change in a few lines, with what its author said and touched. */
export function changeNote(change: ApiChange, now: number): Html {
  const { id, branch, commit, author, authoredAt, subject, message, files } = change;
  const rest = message.slice(subject.length).trim();
  return html`<a href="${changePath(id)}"><b>${subject}</b></a>
    <span class="author">${author.name} &lt;${author.email}&gt;</span>,
    ${age(authoredAt, now)}, <span class="branch">${branch}</span> ${shortCommit(commit)}
    ${rest !== '' && html`<pre class="message">${rest}</pre>`}
    ${
      files.length > 0 &&
      html`<details>
        <summary>${files.length} ${files.length === 1 ? 'file' : 'files'}</summary>
        ${fileList(files)}
      </details>`
    }`;
}

function fileList(files: readonly string[]): Html {
  if (files.length === 0) return html`<p class="quiet">It touches no file.</p>`;
  const others = files.length - maxFiles;
  return html`<ul class="files">
    ${files.slice(0, maxFiles).map((file) => html`<li><code>${file}</code></li>`)}
    ${others > 0 && html`<li class="quiet">and ${others} more</li>`}
  </ul>`;
}
