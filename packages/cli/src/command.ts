/** One word of `weir`. */
export interface CliCommand {
  readonly name: string;
  readonly summary: string;
  /** What `--help` prints: synopsis, options, an example. */
  readonly usage: string;
  /** It has commands of its own, which answer `--help` themselves. */
  readonly hasOwnHelp?: boolean;
  /** Resolves with the exit status. */
  run(args: string[]): Promise<number>;
}
