import { join, resolve } from 'node:path';
import process from 'node:process';
import { Agent } from '../agent/agent.ts';
import { detectLabels } from '../agent/labels.ts';
import { parseQuietHours } from '../agent/quiet-hours.ts';
import { dial } from '../link/dial.ts';
import { LinkError, WrongFarmError } from '../link/link-error.ts';
import { openWorkerKey } from '../link/worker-key.ts';
import type { ControlRequest, ControlStatus } from '../owner/control.ts';
import { openControl } from '../owner/control.ts';
import { sayAs } from '../owner/say.ts';
import type { LogFormat, Say } from '../owner/say.ts';
import { printable } from '../printable.ts';
import { machineFacts } from '../runner/facts.ts';
import { findRunner } from '../runner/find-runner.ts';
import { NoSandboxError, detectSandbox } from '../sandbox/detect.ts';
import { detectContainers } from '../services/detect.ts';
import { keyPath, readConfig, writeConfig } from './config.ts';
import { JoinError } from './find-farm.ts';

export interface RunWorkerOptions {
  /** The code of an invitation, for a worker that joins. */
  readonly invite?: string | undefined;
  /** How long builds may go on after SIGTERM, in milliseconds. Default: to their end. */
  readonly stopWithinMs?: number | undefined;
  /** How what happens is told on standard output. */
  readonly logFormat: LogFormat;
}

/** Exit status of an agent that left builds to their runners: another one is to be started. */
export const handedOverStatus = 75;

/**
 * Runs the worker that joined with this data folder until it is told to leave. Resolves with the
 * exit status.
 */
export async function runWorker(
  data: string,
  { invite, stopWithinMs, logFormat }: RunWorkerOptions,
): Promise<number> {
  const dataDir = resolve(data);
  let config = readConfig(dataDir);
  const key = openWorkerKey(keyPath(dataDir));
  const say = sayAs(logFormat, config.name);
  let sandbox;
  try {
    sandbox = detectSandbox(config.sandbox, join(dataDir, 'etc'));
  } catch (error) {
    if (!(error instanceof NoSandboxError)) throw error;
    process.stderr.write(`${config.name}: ${error.message}\n`);
    return 1;
  }
  const containers = await detectContainers(config.containers);
  say(`fingerprint ${key.fingerprint}`);
  say(`sandbox ${sandbox.kind}: ${sandbox.limits.join('; ')}`);
  say(`containers: ${containers.words}`);
  const agent = new Agent({
    url: config.workerUrl,
    dial,
    farm: config.farm,
    name: config.name,
    owner: config.owner,
    invite,
    slots: config.slots,
    labels: detectLabels(containers),
    facts: { ...machineFacts(), containers: containers.words.slice(0, 500) },
    dataDir,
    key,
    farmKey: config.farmKey,
    sandbox,
    remotes: config.remotes,
    findRunner,
    policy: {
      onlyUpstreams: config.onlyUpstreams,
      onlyProjects: config.onlyProjects,
      allowsContainers: config.containers,
    },
    minFreeBytes: config.minFreeBytes,
    runtimeBytes: config.runtimeBytes,
    quietHours: config.quietHours.flatMap((text) => parseQuietHours(text) ?? []),
    paused: config.paused,
    isPauseUnsaid: config.isPauseUnsaid,
    keep(change) {
      config = { ...config, ...change };
      try {
        writeConfig(dataDir, config);
      } catch (error) {
        say(
          `this holds until the worker is started again, but could not be kept: ${String(error)}`,
        );
      }
    },
    say,
  });
  await using _control = await openControl(dataDir, (request) => control(agent, request)).catch(
    (error: unknown) => {
      throw new JoinError(error instanceof Error ? error.message : String(error), { cause: error });
    },
  );
  obeySignals(agent, { say, stopWithinMs });
  try {
    await agent.run();
    return agent.isHandedOver ? handedOverStatus : 0;
  } catch (error) {
    if (!(error instanceof LinkError || error instanceof WrongFarmError)) throw error;
    process.stderr.write(`${config.name}: ${printable(error.message)}\n`);
    return 1;
  }
}

/** Milliseconds of `--stop-within SECONDS`. @throws JoinError */
export function parseStopWithin(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= 86_400) return seconds * 1_000;
  throw new JoinError(`--stop-within takes whole seconds from 0 to 86400, not '${text}'`);
}

/** SIGTERM and SIGINT drain, and end at the second time; SIGHUP makes room for another agent. */
function obeySignals(
  agent: Agent,
  { say, stopWithinMs }: { say: Say; stopWithinMs: number | undefined },
): void {
  let isDraining = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (isDraining) return agent.stop();
      isDraining = true;
      say('finishing what runs, then leaving; once more to end it now');
      if (stopWithinMs !== undefined) setTimeout(() => agent.stop(), stopWithinMs).unref();
      agent.drain();
    });
  }
  process.on('SIGHUP', () => {
    say('leaving; what runs goes on, and the next agent finds it');
    agent.handOver();
  });
}

/** What the owner's commands have the agent do. */
async function control(agent: Agent, request: ControlRequest): Promise<ControlStatus> {
  if (request.act === 'pause') agent.pause(request.reason);
  else if (request.act === 'resume') agent.pause(null);
  else if (request.act === 'slots') await agent.resize(request.slots);
  else if (request.act === 'leave') agent.leave();
  return agent.status;
}
