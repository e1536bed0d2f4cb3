import type { JsonSchema } from './json-schema.ts';
import { farmFileType } from './options.ts';

/**
 * The schema by which editors complete and check a farm file while it is written. It is made from
 * the table by which the farm reads it, and lets pass whatever the farm takes; what lies between
 * keys (a trunk that no upstream has) only `weir check` finds.
 */
export function farmFileSchema(): JsonSchema & { readonly $schema: string } {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    ...farmFileType.schema,
  };
}
