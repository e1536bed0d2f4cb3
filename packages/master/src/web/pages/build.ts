import { acceptTestsText, mayAcceptTests, reproduceCommands } from '@weir/model';
import { bytesText } from '@weir/model/layout';
import { durationText } from '@weir/model/layout';
import type { ApiArtifact, ApiBuild, ApiStep } from '@weir/protocol';
import { buildTabs } from './build-tabs.ts';
import { changeNote } from './change.ts';
import { findingMeanings, findingsAndText } from './findings.ts';
import { commandForm } from './frame.ts';
import type { Visit } from './frame.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { artifactPath, buildPath, builderPath, logPath, requestPath, workerPath } from './links.ts';
import { logLine } from './log.ts';
import { howToReproduce } from './reproduce.ts';
import { resolvedSection } from './resolved.ts';
import { stepReport } from './step-report.ts';
import { takenList } from './taken.ts';
import { timeBar } from './time-bar.ts';
import { age, badge, countText, duration, paintOf, shortCommit } from './words.ts';

export interface BuildView {
  readonly build: ApiBuild;
  /** The last lines of each step's log, by step. */
  readonly tails: ReadonlyMap<number, readonly string[]>;
  /** How long a build out of reach is waited for, in milliseconds. */
  readonly reattachWithinMs: number;
  /** Why the farm has too little room for its data; null when it has enough. */
  readonly shortage: string | null;
  /** The farm's address, without a slash at the end. */
  readonly url: string;
}

export function buildPage(visit: Visit, view: BuildView): Html {
  const { build, tails, reattachWithinMs, shortage, url } = view;
  const { now } = visit;
  const { builder, number, startedAt, finishedAt, worker, findings, text, attempt } = build;
  const wayOut = acceptTestsText(build.id, findings);
  const hasTests = build.steps.some(({ report }) => report?.tests !== undefined);
  return html`<h1><a href="${builderPath(builder)}">${builder}</a> #${number}</h1>
    <div id="tabs" data-live>${hasTests && buildTabs(build.id, 'Build')}</div>
    <div id="head" data-live>
      <p class="lead">${badge(paintOf(build))} ${findingsAndText(findings, text)}</p>
      ${findingMeanings(findings)}${wayOut !== null && html`<p>${wayOut}</p>`}
      <p>
        ${duration(startedAt, finishedAt, now)} on <a href="${workerPath(worker)}">${worker}</a>,
        started
        ${age(startedAt, now)}${
          finishedAt !== null && html`, finished ${age(finishedAt, now)}`
        }${attempt > 1 && html`, attempt ${attempt}`}
      </p>
      <p>Why: <a href="${requestPath(build.request)}">${build.reason}</a> <span class="quiet">${build.reasonText}</span></p>
      <p>
        Revisions:
        ${shortCommit(build.revisions.upstream)}${
          build.revisions.project !== null && html` with ${shortCommit(build.revisions.project)}`
        }
      </p>
      ${build.artifact !== null && artifactLine(build.artifact, build.id)}
      ${takenList(`Infrastructure took ${countText(build.taken.length, 'other try', 'other tries')} at its request.`, build.taken)}
      ${onItsWay(build, shortage)}
      ${outOfReach(build, reattachWithinMs, now)}${lateResult(build, now)}
      ${build.cancelRequested !== null && html`<p class="warning">Cancel asked for: ${build.cancelRequested}</p>`}
    </div>
    ${commands(visit, build)}
    <h2>Steps</h2>
    <ol class="step-list" id="steps" data-live>
      ${isPreparing(build) && html`<li class="quiet">It checks out what it builds, and fetches the runtime.</li>`}
      ${build.steps.map((step) => stepItem(step, build, tails.get(step.index) ?? [], now))}
    </ol>
    <div id="dependencies" data-live>
      ${build.resolved !== null && resolvedSection(build.resolved, now)}
    </div>
    <details>
      <summary>Reproduce it</summary>
      ${howToReproduce(reproduceCommands(url, build.id))}
    </details>
    <h2>Changes</h2>
    ${
      build.changes.length === 0
        ? html`<p class="quiet">None since the build before.</p>`
        : html`<ul class="list">
            ${build.changes.map((change) => html`<li>${changeNote(change, now)}</li>`)}
          </ul>`
    }
    <h2>Environment</h2>
    <dl class="facts-list" id="environment" data-live>
      ${Object.entries(build.environment).map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>`;
}

function isPreparing({ state, steps }: ApiBuild): boolean {
  return state === 'running' && steps.every(({ startedAt }) => startedAt === null);
}

function artifactLine({ id, sha256, bytes, build }: ApiArtifact, made: number): Html {
  return html`<p>
    ${build === made ? 'Made' : 'Ran with'} the artifact
    <a href="${artifactPath(id)}"><code>${sha256.slice(0, 12)}</code></a>
    <span class="quiet">${bytesText(bytes)}</span>
  </p>`;
}

/** Nothing of it runs any more, and it is not over. */
function onItsWay({ state, steps }: ApiBuild, shortage: string | null): Html | null {
  if (state !== 'running' || steps.some((step) => step.state !== 'finished')) return null;
  if (shortage !== null) {
    return html`<p class="warning">
      Its steps are over. What it made waits on its worker until the farm takes it. ${shortage}
    </p>`;
  }
  return html`<p>Its steps are over. What it made is packed, and brought to the farm.</p>`;
}

function outOfReach({ detachedAt, worker }: ApiBuild, limitMs: number, now: number): Html | null {
  if (detachedAt === null) return null;
  return html`<p class="warning">
    ${worker} has been out of reach since ${age(detachedAt, now)}. The build goes on there; it is
    given up ${durationText(limitMs)} after that, and built again elsewhere.
  </p>`;
}

function lateResult({ late }: ApiBuild, now: number): Html | null {
  if (late === null) return null;
  return html`<p>
    Its worker came back ${age(late.at, now)}, when the build was given up already:
    ${badge(late.result)} ${findingsAndText(late.findings, late.text)}
    <span class="quiet">Kept as evidence; it counts for nothing.</span>
  </p>`;
}

function commands(visit: Visit, { id, state, findings }: ApiBuild): Html {
  if (visit.csrf === null) return html``;
  return html`<details class="commands">
    <summary>Commands</summary>
    ${state !== 'finished' && commandForm(visit, { action: `${buildPath(id)}/cancel`, label: 'Cancel', danger: true })}
    ${commandForm(visit, { action: `${buildPath(id)}/again`, label: 'Build again' })}
    ${mayAcceptTests(findings) && commandForm(visit, { action: `${buildPath(id)}/accept-tests`, label: 'Accept its tests, and build again' })}
  </details>`;
}

function stepItem(step: ApiStep, build: ApiBuild, tail: readonly string[], now: number): Html {
  const { name, run, state, result, findings, text, startedAt, finishedAt, log } = step;
  const paint = state === 'waiting' ? 'skipped' : (result ?? 'running');
  const isOpen = result !== null && result !== 'success';
  const neverRan = state === 'waiting' && build.state === 'finished';
  const timing = startedAt === null ? null : duration(startedAt, finishedAt, now);
  return html`<li class="step-item ${paint}" id="step-${step.index}">
    <div class="step-head">
      <b>${name}</b>
      ${state === 'waiting' ? html`<span class="quiet">${neverRan ? 'not run' : 'waits'}</span>` : badge(paint)}
      ${findingsAndText(findings, text)}
      <span class="quiet"
        >${timing}${text === '' && endOf(step)}</span
      >
      ${log !== null && !neverRan && logLink(log, now)}
    </div>
    ${step.report !== null && stepReport(step.report, { build: build.id, builder: build.builder, step })}
    ${timeBar(step, build, now)}
    <details>
      <summary>Command</summary>
      <pre class="command-text">${run}</pre>
    </details>
    ${
      tail.length > 0 &&
      html`<details${isOpen || state === 'running' ? html` open` : ''}><summary>Last lines</summary><pre class="log" tabindex="0">${tail.map((line) => [...logLine(line), '\n'])}</pre></details>`
    }
  </li>`;
}

function logLink(log: NonNullable<ApiStep['log']>, now: number): Html {
  const size = `${bytesText(log.bytes)}, ${countText(log.lines, 'line')}`;
  if (log.droppedAt !== null) {
    return html`<span class="quiet">its log (${size}) was kept until ${age(log.droppedAt, now)}</span>`;
  }
  return html`<a href="${logPath(log.id)}">log</a> <span class="quiet">${size}</span>`;
}

/** How its process ended, where the step's own text does not say it. */
function endOf({ exitCode, signal }: ApiStep): Html | null {
  if (signal !== null) return html`, ${signal}`;
  return exitCode === null || exitCode === 0 ? null : html`, exit code ${exitCode}`;
}
