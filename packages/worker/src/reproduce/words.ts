import type { ApiSpec } from '@weir/protocol';
import { printable } from '../printable.ts';
import { sizeText } from '../runner/size-text.ts';
import type { Sandbox } from '../sandbox/contract.ts';
import type { Difference } from './compare.ts';
import { inWords, isByHistory, isConclusive } from './compare.ts';
import type { FarmBuild } from './farm-build.ts';
import type { Outcome } from './reproduce.ts';

/** What is going to be run. */
export function introduction(
  { build, order }: { build: FarmBuild; order: ApiSpec },
  { kind, limits }: Sandbox,
): string {
  const { source, runtime, artifact } = order.spec;
  const { upstream, trunk, platform, commit } = runtime;
  const rows = [
    ['build', `${build.id}, number ${build.number} of ${build.builder}, by ${build.worker}`],
    ['there', inWords(build)],
    ...(source === undefined ? [] : [['source', `${source.repository} at ${source.commit}`]]),
    ['runtime', `${upstream}/${trunk}/${platform} at ${commit}`],
    ...(artifact === undefined
      ? []
      : [['artifact', `${artifact.sha256}, ${sizeText(artifact.bytes)}`]]),
    ...(build.resolved?.files ?? []).flatMap(({ path, sha256 }) =>
      sha256 === null ? [] : [['recorded', `${path}, ${sha256}`]],
    ),
    ['sandbox', `${kind}: ${limits.join('; ')}`],
  ];
  return table(rows);
}

/** What came of it. */
export function conclusion(outcome: Outcome, dir: string | null): string {
  const isComparable = isConclusive(outcome.farm) && isConclusive(outcome.here);
  return [
    `\n${verdict(outcome)}\n`,
    ofArtifact(outcome),
    ...(isComparable ? list('The results differ', outcome.otherResults) : []),
    ...list('Not the same here', outcome.notTheSame),
    dir === null ? '' : `\nThe workspace is ${dir}\n`,
  ].join('');
}

function verdict({ cameAgain, farm, here }: Outcome): string {
  const alone = farm.findings.filter(isByHistory).join(', ');
  if (cameAgain && alone !== '') {
    return `✓ What the farm held against the builds before (${printable(alone)}) came again: ${printable(inWords(here))}`;
  }
  if (cameAgain) return `✓ The farm's result came again: ${printable(inWords(here))}`;
  if (!isConclusive(here)) return `✗ There is no result here: ${printable(inWords(here))}`;
  if (!isConclusive(farm)) {
    const there = farm.result === null ? 'it still runs' : printable(inWords(farm));
    return `✗ The farm has no result to compare with (${there}); here it is ${printable(inWords(here))}`;
  }
  return `✗ Another result came: ${printable(inWords(here))}`;
}

function ofArtifact({ artifact }: Outcome): string {
  if (artifact === null) return '';
  const { there, here } = artifact;
  return there === here
    ? `✓ The runtime is byte for byte the farm's: ${here}\n`
    : `! The runtime is another one than the farm's: packed here it is ${here}, there ${there}\n`;
}

function list(head: string, differences: readonly Difference[]): string[] {
  if (differences.length === 0) return [];
  return [`\n${head}:\n`, table(differences.map(({ about, text }) => [about, text]))];
}

function table(rows: readonly (readonly string[])[]): string {
  const width = Math.max(...rows.map(([head = '']) => head.length));
  return rows
    .map(([head = '', text = '']) => `  ${printable(head).padEnd(width)}  ${printable(text)}\n`)
    .join('');
}
