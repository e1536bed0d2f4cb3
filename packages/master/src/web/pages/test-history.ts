import { durationText } from '@weir/model/layout';
import type { TestAddress, TestRun } from '../read/test-history.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { buildPath, builderPath, testsPath, workerPath } from './links.ts';
import { outcomeBadge, triesText } from './test-words.ts';
import { age, countText, shortCommit } from './words.ts';

/** What became of one test in the newest builds of a builder, newest first. */
export function testHistoryPage(
  { now }: { readonly now: number },
  { builder, step, name }: TestAddress,
  runs: readonly TestRun[],
): Html {
  return html`<h1>${name}</h1>
    <p>A test of ${step} on <a href="${builderPath(builder)}">${builder}</a></p>
    <p>${summary(runs)}</p>
    ${
      runs.length > 0 &&
      html`<div class="scroll">
        <table class="builds tests">
          <thead>
            <tr>
              <th scope="col">Build</th>
              <th scope="col">Test</th>
              <th scope="col">Took</th>
              <th scope="col">Revisions</th>
              <th scope="col">When</th>
              <th scope="col">Worker</th>
            </tr>
          </thead>
          <tbody>
            ${runs.map((run, index) => runRow(run, saysTheSame(run, runs[index - 1]), now))}
          </tbody>
        </table>
      </div>`
    }`;
}

function summary(runs: readonly TestRun[]): string {
  if (runs.length === 0) return `No build of it has a list of the tests of this step.`;
  const there = runs.filter(({ test }) => test !== null).length;
  const failed = runs.filter(({ test }) => test?.outcome === 'failed');
  const kinds = new Set(failed.map(({ test }) => test?.note?.hash)).size;
  const ways = kinds > 1 ? `, in ${kinds} ways` : '';
  return `Of its last ${countText(runs.length, 'build')} with a list of tests it was there in ${there}, and failed in ${failed.length}${ways}.`;
}

/** Whether a test said what it said in the newer build above. */
function saysTheSame({ test }: TestRun, above: TestRun | undefined): boolean {
  const hash = test?.note?.hash;
  return hash !== undefined && hash === above?.test?.note?.hash;
}

function runRow({ build, test, text }: TestRun, isSame: boolean, now: number): Html {
  const { id, number, revisions, startedAt, finishedAt, worker } = build;
  const message = isSame ? 'the same' : (test?.note?.text ?? text);
  const duration = test?.durationMs ?? null;
  return html`<tr>
    <td><a href="${buildPath(id)}">#${number}</a> <a href="${testsPath(id)}">tests</a></td>
    <td>
      ${text === '' && outcomeBadge(test?.outcome ?? null)}${triesText(test?.attempts)}
      ${message !== '' && html`<p class="message">${message}</p>`}
    </td>
    <td>${duration !== null && durationText(duration)}</td>
    <td>
      ${shortCommit(revisions.upstream)}${revisions.project !== null && html` + ${shortCommit(revisions.project)}`}
    </td>
    <td>${age(finishedAt ?? startedAt, now)}</td>
    <td><a href="${workerPath(worker)}">${worker}</a></td>
  </tr>`;
}
