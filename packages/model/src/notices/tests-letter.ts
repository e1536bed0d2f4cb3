import { numberText, totalsText } from '@weir/protocol';
import type { Block } from './letter.ts';
import { oneLine } from './one-line.ts';
import type { TestNews, TestedStepNews } from './tests.ts';
import { acceptTestsText, groupText } from './tests.ts';

/** What the suites said, as a letter has it. */
export function testBlocks({ builder, build, steps }: TestNews, url: string): Block[] {
  if (steps.length === 0) return [];
  const blocks: Block[] = [
    { is: 'heading', text: `The tests of ${builder}` },
    ...steps.flatMap((step) => stepBlocks(step, `${url}/builds/${build}`)),
  ];
  const text = acceptTestsText(
    build,
    steps.flatMap(({ findings }) => findings),
  );
  if (text !== null) blocks.push({ is: 'text', text });
  return blocks;
}

function stepBlocks(
  { step, index, totals, groups, isListed }: TestedStepNews,
  page: string,
): Block[] {
  const blocks: Block[] = [{ is: 'text', text: `${step}: ${totalsText(totals)}.` }];
  for (const group of groups) {
    const { count, tests } = group;
    const lines = tests.map(({ name, said }) => {
      const words = oneLine(said, 160);
      return oneLine(name, 200) + (words === '' ? '' : `: ${words}`);
    });
    const more = count - tests.length;
    if (more > 0) lines.push(`and ${numberText(more)} more`);
    blocks.push({ is: 'text', text: `${groupText(group)}:` }, { is: 'lines', lines });
  }
  if (isListed && groups.length > 0) {
    blocks.push({ is: 'link', text: 'All its tests', url: `${page}/tests?step=${index}` });
  }
  return blocks;
}
