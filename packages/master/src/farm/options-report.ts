import { isWorkspacePath, maxResolvedFiles, reportFormats } from '@weir/protocol';
import { listOf } from './collections.ts';
import { oneOf } from './one-of.ts';
import { optional, orBlank } from './section.ts';
import { misfit, textType } from './text-type.ts';

const format = oneOf(reportFormats, 'junit');

const path = textType<string>('a path below the repository, such as build/TEST-*.xml', '', (text) =>
  isWorkspacePath(text) ? { value: text } : misfit(),
);

const file = textType<string>(
  'a path below the repository, such as package-lock.json',
  '',
  (text) => (isWorkspacePath(text) && !/[*?]/.test(text) ? { value: text } : misfit()),
);

/** The option of a step that says where it leaves what its dependencies came to. */
export const resolvedOptions = {
  resolved: orBlank(
    listOf(file, 'paths such as package-lock.json', { max: maxResolvedFiles, unique: true }),
    'none',
    'The files, below the checked-out repository, in which the step leaves what its dependencies came to: a lock file, or a list that its commands write. They are recorded with the build, compared with those of the last green one, and put in place again by `weir reproduce`. At most 4 MiB each.',
  ),
};

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
