import type { Tier, TreeStatus, Verdict } from '@weir/protocol';

/** What the tree status needs to know of a trunk's builder. */
export interface BuilderVerdict {
  readonly name: string;
  readonly kind: 'runtime' | 'project';
  readonly tier: Tier;
  readonly verdict: Verdict;
}

export interface TreeState {
  readonly status: TreeStatus;
  /** One sentence for people, without a full stop. */
  readonly because: string;
}

/**
 * The status of a trunk from the verdicts of its builders. The first line that holds decides:
 *
 * | facts                                                        | status   |
 * | ------------------------------------------------------------ | -------- |
 * | a runtime builder of tier 1 or 2 is red                      | unusable |
 * | a runtime builder of tier 3 is red                           | suspect  |
 * | no runtime builder is green                                  | suspect  |
 * | a project builder of tier 1 is red                           | suspect  |
 * | half or more of the judged project builders of tier 2 are red | suspect |
 * | there are project builders of tier 1 or 2, and none is green | suspect  |
 * | none of these                                                | usable   |
 *
 * A builder is judged when it is green or red; one that was never green says nothing about the trunk.
 */
export function treeStatus(builders: readonly BuilderVerdict[]): TreeState {
  const runtimes = builders.filter((builder) => builder.kind === 'runtime');
  const projects = builders.filter((builder) => builder.kind === 'project');
  const redRuntimes = runtimes.filter(isRed);
  const brokenRuntimes = redRuntimes.filter((builder) => builder.tier <= 2);
  if (brokenRuntimes.length > 0) return { status: 'unusable', because: areRed(brokenRuntimes) };
  if (redRuntimes.length > 0) return { status: 'suspect', because: areRed(redRuntimes) };
  if (!runtimes.some(isGreen)) {
    return { status: 'suspect', because: 'no runtime was built yet' };
  }
  const stable = projects.filter((builder) => builder.tier === 1 && isRed(builder));
  if (stable.length > 0) return { status: 'suspect', because: areRed(stable) };
  const normal = projects.filter((builder) => builder.tier === 2 && isJudged(builder));
  const normalRed = normal.filter(isRed);
  if (normalRed.length > 0 && normalRed.length * 2 >= normal.length) {
    return { status: 'suspect', because: areRed(normalRed) };
  }
  const counted = projects.filter(({ tier }) => tier <= 2);
  if (counted.length > 0 && !counted.some(isGreen)) {
    return { status: 'suspect', because: 'no project was green yet' };
  }
  return { status: 'usable', because: whatIsGreen(runtimes, projects) };
}

function whatIsGreen(
  runtimes: readonly BuilderVerdict[],
  projects: readonly BuilderVerdict[],
): string {
  const [built, passed] = [runtimes.filter(isGreen).length, projects.filter(isGreen).length];
  if (built < runtimes.length || passed < projects.length) {
    const ofProjects = `, ${passed} of ${projects.length} project builders`;
    return `green: ${built} of ${runtimes.length} runtimes${projects.length > 0 ? ofProjects : ''}`;
  }
  return projects.length === 0
    ? 'its runtimes are green'
    : 'its runtimes are green, and so are its projects';
}

function isGreen(builder: BuilderVerdict): boolean {
  return builder.verdict === 'green';
}

function isRed(builder: BuilderVerdict): boolean {
  return builder.verdict === 'red';
}

function isJudged(builder: BuilderVerdict): boolean {
  return builder.verdict === 'green' || builder.verdict === 'red';
}

function areRed(builders: readonly BuilderVerdict[]): string {
  const [first, ...others] = builders;
  const name = first?.name ?? '';
  return others.length === 0 ? `${name} is red` : `${name} and ${others.length} more are red`;
}
