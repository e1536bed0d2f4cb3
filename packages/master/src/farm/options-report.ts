import { reportFormats } from '@weir/protocol';
import { listOf } from './collections.ts';
import { oneOf } from './one-of.ts';
import { optional, orBlank } from './section.ts';
import { misfit, textType } from './text-type.ts';

const format = oneOf(reportFormats, 'junit');

const path = textType<string>(
  'a path below the repository, such as build/TEST-*.xml',
  '',
  (text) => {
    const parts = text.split('/');
    const isWithin = parts.every((part) => part !== '' && part !== '.' && part !== '..');
    // oxlint-disable-next-line no-control-regex
    return isWithin && text.length <= 500 && !/[\0-\x1F\\]/.test(text) ? { value: text } : misfit();
  },
);

/** The options of a step that say where its test report is. */
export const reportOptions = {
  report: optional(
    format,
    'none',
    'How the test report of the step is read. Where it disagrees with the exit code the step fails, with a finding. Those from `pytest` on are the summaries that runners print: a report in a file says more.',
  ),
  'report-files': orBlank(
    listOf(path, 'paths such as build/TEST-*.xml', { max: 20, unique: true }),
    'none: what the step prints is the report',
    'Where the report is, below the checked-out repository; `*` and `**` as in a shell.',
  ),
};
