import { notifyOptions, webhookOptions } from './options-notify.ts';
import {
  farmOptions,
  limitsOptions,
  projectOptions,
  stepOptions,
  trunkOptions,
  upstreamOptions,
} from './options.ts';
import type { Options } from './section.ts';

const sections: readonly { readonly heading: string; readonly options: Options }[] = [
  { heading: 'The file', options: farmOptions },
  { heading: 'An upstream: `upstreams.NAME`', options: upstreamOptions },
  { heading: 'A trunk: `upstreams.NAME.trunks.NAME`', options: trunkOptions },
  { heading: 'A project: `projects.NAME`', options: projectOptions },
  { heading: 'A step: an item of `steps`', options: stepOptions },
  { heading: 'Notices: `notify`', options: notifyOptions },
  { heading: 'A webhook: `notify.webhooks.NAME`', options: webhookOptions },
  { heading: 'Limits: `limits`', options: limitsOptions },
];

/** Every key of a farm file, as the Markdown of docs/farm-file.md. */
export function farmFileReference(): string {
  return sections.map(({ heading, options }) => `### ${heading}\n\n${listOf(options)}`).join('\n');
}

function listOf(options: Options): string {
  return Object.entries(options)
    .map(([key, { type, about, fallback }]) => {
      const absent = fallback === null ? 'required' : `default: ${fallback.written}`;
      return `- **\`${key}\`**: ${about} Value: ${type.expected}; ${absent}.\n`;
    })
    .join('');
}
