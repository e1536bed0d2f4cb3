import { bytesText } from '@weir/model/layout';
import { objectPath } from '@weir/protocol';
import type { ApiArtifact, ApiBuild, ApiBuildSummary } from '@weir/protocol';
import type { Visit } from './frame.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { artifactPath, builderPath, buildPath, changePath, workerPath } from './links.ts';
import { age, badge, countText, paintOf, shortCommit } from './words.ts';

export interface ArtifactView {
  readonly artifact: ApiArtifact;
  /** That made it; undefined when it is not kept any more. */
  readonly build: ApiBuild | undefined;
  /** All that were made of the same commit, newest first. */
  readonly made: readonly ApiArtifact[];
  /** The id of the change that it is of. */
  readonly change: number | undefined;
  /** Builds that ran with it, newest first; one more than are shown, if there are more. */
  readonly ran: readonly ApiBuildSummary[];
}

export const runsShown = 50;

/** A packed runtime: where it comes from, and its bytes. */
export function artifactPage({ now }: Visit, view: ArtifactView): Html {
  const { artifact, build, made, change, ran } = view;
  const { builder, commit, sha256, bytes, unpackedBytes, files, worker, trust, madeAt } = artifact;
  return html`<h1>Artifact of <a href="${builderPath(builder)}">${builder}</a></h1>
    <p class="lead">${download(artifact, now)}</p>
    <dl class="facts-list">
      <div><dt>Commit</dt><dd>${change === undefined ? shortCommit(commit) : html`<a href="${changePath(change)}">${shortCommit(commit)}</a>`}</dd></div>
      <div><dt>Made</dt><dd>${age(madeAt, now)} by <a href="${buildPath(artifact.build)}">build ${artifact.build}</a></dd></div>
      <div><dt>Worker</dt><dd><a href="${workerPath(worker)}">${worker}</a>, ${trust} then</dd></div>
      <div><dt>SHA-256</dt><dd><code class="hash">${sha256}</code></dd></div>
      <div><dt>Size</dt><dd>${bytesText(bytes)} packed, ${bytesText(unpackedBytes)} in ${countText(files, 'file')}</dd></div>
    </dl>
    ${made.length > 1 && sameCommit(artifact, made, now)}
    <h2>Builds that ran with it</h2>
    ${ran.length === 0 ? html`<p class="quiet">None.</p>` : runList(ran, now)}
    <h2>Made by</h2>
    ${build === undefined ? html`<p class="quiet">The build is not kept any more.</p>` : provenance(build)}`;
}

function download({ sha256, bytes, droppedAt }: ApiArtifact, now: number): Html {
  if (droppedAt !== null) {
    return html`Its bytes are not kept since ${age(droppedAt, now)}. A request for its commit builds it again.`;
  }
  return html`<a class="button" href="${objectPath(sha256)}" download>Download</a>
    <span class="quiet">${bytesText(bytes)}, tar packed with zstd</span>`;
}

function sameCommit(artifact: ApiArtifact, made: readonly ApiArtifact[], now: number): Html {
  const hashes = new Set(made.map(({ sha256 }) => sha256)).size;
  const others = made.filter(({ id }) => id !== artifact.id);
  return html`<h2>Of the same commit</h2>
    <p>
      Made ${countText(made.length, 'time')}, with
      ${hashes === 1 ? 'one hash: the runtime is reproducible' : `${hashes} hashes: something in it differs from build to build`}.
    </p>
    <ul class="list">
      ${others.map(
        ({ id, sha256, worker, madeAt }) =>
          html`<li><a href="${artifactPath(id)}"><code>${sha256.slice(0, 12)}</code></a> by ${worker}, ${age(madeAt, now)}</li>`,
      )}
    </ul>`;
}

function runList(ran: readonly ApiBuildSummary[], now: number): Html {
  return html`<ul class="list">
    ${ran.slice(0, runsShown).map(
      (build) =>
        html`<li>
          <a href="${buildPath(build.id)}">${build.builder} #${build.number}</a> ${badge(paintOf(build))}
          <span class="quiet">${age(build.startedAt, now)}</span>
        </li>`,
    )}
    ${ran.length > runsShown && html`<li class="quiet">and older ones</li>`}
  </ul>`;
}

/** The steps and the machine that it comes from. */
function provenance({ steps, environment }: ApiBuild): Html {
  return html`<ol class="list">
      ${steps.map(({ name, run }) => html`<li><b>${name}</b><pre class="message">${run}</pre></li>`)}
    </ol>
    <h2>Environment</h2>
    <dl class="facts-list">
      ${Object.entries(environment).map(
        ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
      )}
    </dl>`;
}
