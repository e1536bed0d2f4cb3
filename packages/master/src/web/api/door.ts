import type { z } from 'zod';

/** A door of the API that answers JSON. Routes and the OpenAPI document are both made from these. */
export interface Door {
  readonly method: 'get' | 'post';
  /** As OpenAPI writes it: `/api/v1/builds/{id}`. */
  readonly path: string;
  readonly summary: string;
  /** Answered with 201 and a `Location` in this folder of the API. */
  readonly creates: string | undefined;
  readonly query: z.ZodObject | undefined;
  /** A door with a body needs a sign-in: it changes something. */
  readonly body: z.ZodObject | undefined;
  readonly answer: z.ZodType;
  /** It checks a signature in its body itself, and needs no sign-in. */
  readonly isSigned: boolean;
  /** Its answer depends on its address alone, and what changes it is an event or may be half a second old: all who ask share it. */
  readonly isShared: boolean;
  handle(asked: Asked<unknown, unknown>): Promise<unknown>;
}

export interface Asked<Query, Body> {
  /** What stands in the path for `{id}` or `{name}`. */
  readonly subject: string;
  readonly query: Query;
  readonly body: Body;
  /** Who asks; the empty string for a visitor. */
  readonly actor: string;
}

/** A door with its types, as it is written down. */
export interface DoorOptions<Query extends z.ZodObject, Body extends z.ZodObject, Answer> {
  readonly method?: 'post';
  readonly path: string;
  readonly summary: string;
  readonly creates?: string;
  readonly query?: Query;
  readonly body?: Body;
  readonly isSigned?: true;
  readonly isShared?: true;
  readonly answer: z.ZodType<Answer>;
  handle(asked: Asked<z.output<Query>, z.output<Body>>): Promise<Answer>;
}

export function door<Query extends z.ZodObject, Body extends z.ZodObject, Answer>(
  options: DoorOptions<Query, Body, Answer>,
): Door {
  const {
    method = 'get',
    creates,
    query,
    body,
    isSigned = false,
    isShared = false,
    ...rest
  } = options;
  // What `handle` is given was parsed by these very schemas.
  return { ...rest, method, creates, query, body, isSigned, isShared } as Door;
}
