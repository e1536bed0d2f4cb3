/** A worker that is to run whenever its machine does. */
export interface WorkerService {
  readonly name: string;
  /** The farm's web address. */
  readonly farm: string;
  /** Absolute. */
  readonly dataDir: string;
  /** The program and its first arguments, up to the command `run`. */
  readonly program: readonly string[];
  /** Whose machine-wide service it is; null for a service of the user who asks. */
  readonly user: string | null;
}

/** What keeping a worker running takes on this machine. */
export interface ServicePlan {
  /** The service's file. */
  readonly path: string;
  readonly text: string;
  /** Command lines that put it into force, and those that take it back. */
  readonly start: readonly (readonly string[])[];
  readonly stop: readonly (readonly string[])[];
  /** For the owner, one a line: how to look at it, what else to do. */
  readonly hints: readonly string[];
}

/** How one operating system keeps a worker running. */
export interface ServiceKeeper {
  /** As people call it. */
  readonly name: string;
  /** Why it can't be done here, for people; null when it can. */
  readonly obstacle: string | null;
  plan(service: WorkerService): ServicePlan;
}
