import type { JsonSchema } from './json-schema.ts';
import { farmFileType, includedFileType } from './options.ts';

/**
 * The schema by which editors complete and check a farm file while it is written. It is made from
 * the table by which the farm reads it, and lets pass whatever the farm takes; what lies between
 * keys (a trunk that no upstream has) only `weir check` finds.
 */
export function farmFileSchema(): JsonSchema {
  return { $schema: draft, ...farmFileType.schema };
}

/** The same for a file that a farm file includes. */
export function includedFileSchema(): JsonSchema {
  return { $schema: draft, ...includedFileType.schema };
}

const draft = 'https://json-schema.org/draft/2020-12/schema';
