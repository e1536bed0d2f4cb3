import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { ResolvedFile, StepReport, StepSpec } from '@weir/protocol';
import { UnfetchedError } from '../artifact/download.ts';
import { hasFiles } from '../artifact/has-files.ts';
import { ObjectUploads } from '../artifact/object-uploads.ts';
import { NotPackedError, shareRuntime } from '../artifact/share.ts';
import { markVariable } from '../process/contract.ts';
import type { ProcessPlatform, StepCommand } from '../process/contract.ts';
import { judgeReport } from '../report/judge.ts';
import { readReportApart, reportLimits } from '../report/read-apart.ts';
import { putInPlace } from '../resolved/put-in-place.ts';
import { recordResolved } from '../resolved/record.ts';
import type { StepPlace } from '../sandbox/contract.ts';
import { BuildServices } from '../services/build-services.ts';
import { SpoolWriter } from '../spool/writer.ts';
import { cancelled, hasSpoken, isPass, joinEndings, nothingInstalled, sayError } from './ending.ts';
import type { Ending } from './ending.ts';
import { preparationFact, sandboxFacts } from './facts.ts';
import type { HeldBuild } from './held-build.ts';
import type { JournalFact } from './journal.ts';
import { JournalWriter } from './journal.ts';
import type { Outcome } from './outcome.ts';
import { logDir } from './paths.ts';
import type { SlotPaths } from './paths.ts';
import { preparePlace } from './place.ts';
import type { PlaceOrder, PreparedPlace } from './place.ts';
import { runServiceStep } from './service-step.ts';
import { runStep } from './step.ts';

export interface BuildHooks {
  /** The journal has one more entry. */
  readonly onEntry: () => void;
  /** A log has more bytes. */
  readonly onGrew: () => void;
}

/** One build in its slot, from an empty folder to the last entry of its journal. */
export class SlotBuild implements HeldBuild {
  readonly #paths: SlotPaths;
  readonly #platform: ProcessPlatform;
  readonly #machine: Readonly<Record<string, string>>;
  readonly #order: PlaceOrder;
  readonly #hooks: BuildHooks;
  readonly #cancel = new AbortController();
  readonly #journal: JournalWriter;
  /** Null: the farm takes nothing. */
  readonly #uploads: ObjectUploads | null;
  readonly #services: BuildServices;
  #isFinished = false;
  #exception: string | undefined;
  /** How long checkout and runtime took, in words. */
  #preparation: string | null = null;
  /** Resolves when nothing of the build runs any more. */
  readonly ended: Promise<void>;

  constructor(
    paths: SlotPaths,
    platform: ProcessPlatform,
    machine: Readonly<Record<string, string>>,
    order: PlaceOrder,
    hooks: BuildHooks,
  ) {
    this.#paths = paths;
    this.#platform = platform;
    this.#machine = machine;
    this.#order = order;
    this.#hooks = hooks;
    mkdirSync(paths.build, { recursive: true, mode: 0o700 });
    writeFileSync(paths.spec, JSON.stringify(order.spec));
    this.#journal = new JournalWriter(paths.journal, paths.reserve);
    const { build, uploadToken: token } = order.spec;
    const { farm } = order;
    const { objects: dir } = paths;
    this.#uploads = token === undefined ? null : new ObjectUploads({ farm, build, token, dir });
    this.#services = new BuildServices({
      spec: order.spec,
      mark: paths.mark,
      trace: paths.services,
    });
    this.ended = this.#run();
  }

  get number(): number {
    return this.#order.spec.build;
  }

  get entries(): number {
    return this.#journal.entries;
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  get exception(): string | undefined {
    return this.#exception;
  }

  cancel(reason: string): void {
    this.#cancel.abort(reason);
  }

  async #run(): Promise<void> {
    let ending: Ending;
    try {
      ending = await this.#runSteps();
    } catch (error) {
      ending = { result: 'exception', findings: [], text: sayError(error) };
    }
    await this.#services[Symbol.asyncDispose]();
    await this.#uploads?.settle(this.#cancel.signal);
    this.#isFinished = true;
    if (ending.result === 'exception') this.#exception = ending.text;
    // Where not even this can be written the runner ends by the error, and the build is lost with it.
    const environment = {
      ...this.#machine,
      ...sandboxFacts(this.#order.sandbox),
      ...this.#services.facts,
      ...(this.#preparation !== null && { [preparationFact]: this.#preparation }),
    };
    this.#append({ t: 'build-finished', ...ending, environment });
    this.#journal[Symbol.dispose]();
  }

  async #runSteps(): Promise<Ending> {
    let place: PreparedPlace;
    try {
      place = await this.#prepare();
    } catch (error) {
      this.#append({ t: 'step-started', step: 0 });
      const ending = await this.#finishEmptyStep(0, sayError(error));
      return error instanceof UnfetchedError ? { ...ending, unfetched: error.sha256 } : ending;
    }
    using prepared = place;
    const { steps, share, uploadToken: token, isNeeded } = this.#order.spec;
    let worst: Ending = { result: 'success', findings: [], text: '' };
    let isOver = false;
    for (const [index, { always, continueOnFailure }] of steps.entries()) {
      if (isOver && always !== true) continue;
      this.#append({ t: 'step-started', step: index });
      const ending = await this.#runStep(index, prepared, worst.result === 'failure');
      worst = joinEndings(worst, ending);
      if (ending.result === 'cancelled' || ending.result === 'exception') return worst;
      isOver ||= ending.result === 'failure' && continueOnFailure !== true;
    }
    if (!isPass(worst)) return worst;
    if (isNeeded === true && !(await hasFiles(prepared.place.runtime))) {
      return joinEndings(worst, nothingInstalled);
    }
    if (share === true) return await this.#share(prepared, token ?? null, worst);
    await prepared.succeed();
    return worst;
  }

  /** What it takes is no step's time: the first build of a runtime on a machine fetches it. */
  async #prepare(): Promise<PreparedPlace> {
    const start = performance.now();
    const place = await preparePlace(this.#paths, this.#order, this.#cancel.signal);
    this.#preparation = `${((performance.now() - start) / 1_000).toFixed(1)} s`;
    return place;
  }

  /**
   * Brings the runtime that the build made to the farm; only then has the build come to a good end.
   * Without a token it is only packed.
   */
  async #share(prepared: PreparedPlace, token: string | null, ending: Ending): Promise<Ending> {
    const { spec, farm, sandbox } = this.#order;
    const { signal } = this.#cancel;
    try {
      const artifact = await shareRuntime(
        { farm, signal },
        {
          build: spec.build,
          token,
          dir: prepared.place.runtime,
          inner: sandbox.runtimePath(prepared.place),
          file: join(this.#paths.build, 'artifact.tar.zst'),
          maxBytes: spec.limits.artifactBytes,
        },
      );
      this.#append({ t: 'artifact', ...artifact });
      await prepared.succeed(artifact);
      return ending;
    } catch (error) {
      if (signal.aborted) return cancelled(signal);
      const end: Pick<Ending, 'result' | 'findings'> =
        error instanceof NotPackedError
          ? { result: 'failure', findings: ['not-packed'] }
          : { result: 'exception', findings: [] };
      return joinEndings(ending, { ...end, text: sayError(error) });
    }
  }

  async #runStep(index: number, prepared: PreparedPlace, hasFailed: boolean): Promise<Ending> {
    const { spec, recorded } = this.#order;
    const { place } = prepared;
    const step = spec.steps[index];
    if (step === undefined) throw new RangeError(`build ${spec.build} has no step ${index}`);
    const common = {
      step,
      spool: logDir(this.#paths.slot, index),
      cancelled: this.#cancel.signal,
      onGrew: this.#hooks.onGrew,
    };
    let ran: Awaited<ReturnType<typeof runStep>>;
    try {
      putInPlace(place.src, recorded?.get(index) ?? []);
      ran =
        step.services === undefined
          ? await runStep(this.#platform, {
              ...common,
              limits: spec.limits,
              command: this.#command(step, prepared),
              dirs: writableDirs(place),
              mark: this.#paths.mark,
              outputPipe: this.#paths.output,
            })
          : await runServiceStep({
              ...common,
              services: this.#services,
              logBytes: spec.limits.logBytes,
              hasFailed,
            });
    } catch (error) {
      return this.#finishEmptyStep(index, sayError(error));
    }
    this.#append({ t: 'log-finished', step: index, ...ran.log });
    const { outcome, report } = await this.#withReport(index, step, place, ran.outcome);
    const resolved = this.#record(step, place, outcome);
    const beside = { ...(report && { report }), ...(resolved && { resolved }) };
    this.#append({ t: 'step-finished', step: index, ...outcome, ...beside });
    const { result, findings, text } = outcome;
    return { result, findings, text: text === '' ? '' : `${step.name}: ${text}`.slice(0, 500) };
  }

  #command(step: StepSpec, { place, env }: PreparedPlace): StepCommand {
    const { spec, sandbox } = this.#order;
    // In vain without the network: that the variables are missing then says why.
    const services = step.network ? this.#services.variables : {};
    return sandbox.command(step, place, { ...env, ...spec.env, ...services });
  }

  /** What its test suite said, unless somebody or something else ended the step. */
  async #withReport(
    index: number,
    { report: spec }: StepSpec,
    { src }: StepPlace,
    outcome: Outcome,
  ): Promise<{ outcome: Outcome; report?: StepReport }> {
    if (spec === undefined || !hasSpoken(outcome)) return { outcome };
    const spool = logDir(this.#paths.slot, index);
    const objects = this.#uploads === null ? null : this.#paths.objects;
    const env = { [markVariable]: this.#paths.mark };
    const order = { spec, workspace: src, spool, objects };
    const report = await readReportApart(order, reportLimits, env);
    if (report.tests !== undefined) {
      this.#uploads?.bring([report.tests.names, report.tests.results]);
    }
    return { outcome: judgeReport(outcome, report), report };
  }

  /** What its dependencies came to, unless somebody or something else ended the step. */
  #record(
    { resolved: paths }: StepSpec,
    { src }: StepPlace,
    outcome: Outcome,
  ): ResolvedFile[] | undefined {
    if (paths === undefined || !hasSpoken(outcome)) return undefined;
    const files = recordResolved(src, paths, this.#paths.objects);
    this.#uploads?.bring(files.flatMap(({ object }) => object ?? []));
    return files;
  }

  /** A step that never came to run its script: for want of its commit, its runtime, or a process. */
  async #finishEmptyStep(step: number, text: string): Promise<Ending> {
    const { signal } = this.#cancel;
    const ending: Ending = signal.aborted
      ? cancelled(signal)
      : { result: 'exception', findings: [], text };
    const spool = logDir(this.#paths.slot, step);
    // The farm is told that the log is empty: nothing of it may be found there.
    rmSync(spool, { recursive: true, force: true });
    const log = await new SpoolWriter(spool, 0).finish();
    this.#append({ t: 'log-finished', step, ...log });
    this.#append({ t: 'step-finished', step, ...ending, exitCode: null, signal: null });
    return ending;
  }

  #append(fact: JournalFact): void {
    this.#journal.append(fact);
    this.#hooks.onEntry();
  }
}

function writableDirs({ src, tmp, home, runtime, isRuntimeWritable }: StepPlace): string[] {
  return isRuntimeWritable ? [src, tmp, home, runtime] : [src, tmp, home];
}
