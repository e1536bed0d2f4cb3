import { checkoutOptions } from './options-checkout.ts';
import { combinationOptions } from './options-matrix.ts';
import { heartbeatOptions, notifyOptions, webhookOptions } from './options-notify.ts';
import { scheduleOptions } from './options-schedule.ts';
import { serviceOptions } from './options-services.ts';
import { expectedFailureOptions, testsOptions } from './options-tests.ts';
import {
  farmOptions,
  limitsOptions,
  projectOptions,
  retentionOptions,
  stepOptions,
  trunkOptions,
  upstreamOptions,
} from './options.ts';
import type { Option, Options } from './section.ts';

export interface ReferenceSection {
  readonly heading: string;
  readonly options: Options;
}

/** Every key of a farm file, by where it stands. */
export const referenceSections: readonly ReferenceSection[] = [
  { heading: 'The file', options: farmOptions },
  { heading: 'An upstream: `upstreams.NAME`', options: upstreamOptions },
  { heading: 'A trunk: `upstreams.NAME.trunks.NAME`', options: trunkOptions },
  { heading: 'A project: `projects.NAME`', options: projectOptions },
  {
    heading: 'A combination: an item of `exclude` and `include`',
    options: combinationOptions,
  },
  { heading: 'What is checked out: `checkout`', options: checkoutOptions },
  { heading: 'A step: an item of `steps`', options: stepOptions },
  { heading: 'A service: `projects.NAME.services.NAME`', options: serviceOptions },
  { heading: 'What a suite may lose: `tests`', options: testsOptions },
  { heading: 'A known failure: an item of `expected-failures`', options: expectedFailureOptions },
  { heading: 'A time: an item of `schedule`', options: scheduleOptions },
  { heading: 'Notices: `notify`', options: notifyOptions },
  { heading: 'A webhook: `notify.webhooks.NAME`', options: webhookOptions },
  { heading: 'A heartbeat: `notify.heartbeat`', options: heartbeatOptions },
  { heading: 'Limits: `limits`', options: limitsOptions },
  { heading: 'How long what is kept: `retention`', options: retentionOptions },
];

/** Every key of a farm file, as the Markdown of docs/farm-file.md. */
export function farmFileReference(): string {
  return referenceSections
    .map(({ heading, options }) => `### ${heading}\n\n${listOf(options)}`)
    .join('\n');
}

function listOf(options: Options): string {
  return Object.entries(options)
    .map(
      ([key, option]) =>
        `- **\`${key}\`**: ${option.about} Value: ${option.type.expected}; ${whenAbsent(option)}.\n`,
    )
    .join('');
}

/** What a key means that the file leaves out. */
export function whenAbsent({ fallback }: Option<unknown>): string {
  return fallback === null ? 'required' : `default: ${fallback.written}`;
}
