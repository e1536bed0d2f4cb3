import type { Request, RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import type { LogReader } from '../builds/logs/reader.ts';
import type { ResolvedTexts } from '../builds/objects/resolved-texts.ts';
import type { TestLists } from '../builds/objects/test-lists.ts';
import type { Clock } from '../clock.ts';
import type { Command, CommandAnswer, FarmFacts } from '../command.ts';
import type { IndexState } from '../queue/index-state.ts';
import type { Database } from '../store/schema.ts';
import type { OwnerSignIn } from './sign-in/owner-sign-in.ts';

/** What pages and API are made from. */
export interface WebContext {
  /** Read-only. */
  readonly db: Kysely<Database>;
  readonly logs: LogReader;
  readonly tests: TestLists;
  readonly resolved: ResolvedTexts;
  /** The time as the engine has it: a wall clock that jumps moves neither. */
  readonly now: Clock;
  readonly farm: () => FarmFacts;
  readonly signIn: SignIn;
  /** The owners of workers, who come by a link that their machine shows. */
  readonly owners: OwnerSignIn;
  /** What Redis says waits; null where the farm has none. */
  readonly readIndex: (() => Promise<IndexState>) | null;
  /**
   * Has the engine do it; resolves after its commit.
   *
   * @throws ProblemError with the engine's reason, or 503 when it does not answer within 5 s
   */
  readonly sendCommand: (actor: string, command: Command) => Promise<CommandAnswer>;
  /** Of the agent's one file, as it is served; hexadecimal. */
  readonly agentSha256: () => Promise<string>;
  /** The URL of a file of the browser's bundle, with its hash: `/assets/main-4K2Q.js`. */
  readonly asset: (name: 'main.js' | 'main.css') => Promise<string>;
}

/** Who asks. `/sign-in` and `/sign-out` are POST doors beside it; the page with the form is a page like others. */
export interface SignIn {
  /** The actor's name; null for a visitor. */
  actorOf(request: Request): string | null;
  /** Stands in forms as the field `csrf`, or in the header `X-Weir-CSRF`; null for a visitor. */
  csrfToken(request: Request): string | null;
  /**
   * Refuses whoever is not signed in, and a POST by cookie without the CSRF token. Needs the parsed
   * body in front of it.
   */
  readonly requireSignIn: RequestHandler;
}
