import type { SandboxKind, StepSpec } from '@weir/protocol';
import type { StepCommand } from '../process/contract.ts';

/** What a step sees of this machine. Paths are the host's. */
export interface StepPlace {
  /** Becomes the current folder: `/weir/src` in a sandbox. */
  readonly src: string;
  /** Survives from step to step of one build, as does `home`. */
  readonly tmp: string;
  readonly home: string;
  /** `/weir/runtime` in a sandbox. */
  readonly runtime: string;
  /** Only the build that makes a runtime may write it. */
  readonly isRuntimeWritable: boolean;
  /** The mirrors whose objects the workspace's repositories borrow: its own, then those of submodules. */
  readonly mirrors: readonly string[];
}

export interface Sandbox {
  readonly kind: SandboxKind;
  /** The limits in force on this machine, in words. */
  readonly limits: readonly string[];
  /** Where the objects of a mirror, by its index among all, are found by the step: what `alternates` must say. */
  objectsPath(mirror: string, index: number): string;
  /** Where the runtime lies for the step. */
  runtimePath(place: StepPlace): string;
  /** What to spawn so that the step runs in this sandbox with `env` on top of the clean environment. */
  command(step: StepSpec, place: StepPlace, env: Readonly<Record<string, string>>): StepCommand;
}
