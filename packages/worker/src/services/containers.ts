import { isIP } from 'node:net';
import type { ServiceSpec } from '@weir/protocol';
import type { Engine } from './engine.ts';

/** Names the slot that a container belongs to, by its mark. */
const slotLabel = 'weir.slot';

/** The engine does as it is told within so long, in milliseconds, or it is taken for dead. */
const callMs = 60_000;
/** Of each service: a database makes a process for each connection. */
const maxProcesses = 512;
const nanoCpus = 1_000_000_000;
/** The engine keeps so much of what a service prints. */
const maxLog = '4m';
/** So many of its last lines are read. */
const logLines = 5_000;

export type Container = ReturnType<Engine['docker']['getContainer']>;
type Inspected = Awaited<ReturnType<Container['inspect']>>;

export interface ContainerOrder {
  readonly service: ServiceSpec;
  readonly mark: string;
  readonly build: number;
}

/**
 * Makes a service's container, without the right to anything but its share of memory, of one
 * processor and of processes. Its port is published to this machine alone.
 */
export async function createContainer(
  { docker, info, imageNamed }: Engine,
  { service, mark, build }: ContainerOrder,
): Promise<Container> {
  const { image, port, command, env, memoryBytes, name } = service;
  return await docker.createContainer({
    Image: imageNamed(image).string,
    ...(command.length > 0 && { Cmd: [...command] }),
    Env: Object.entries(env).map(([variable, value]) => `${variable}=${value}`),
    ExposedPorts: { [`${port}/tcp`]: {} },
    Labels: { [slotLabel]: mark, 'weir.build': String(build), 'weir.service': name },
    HostConfig: {
      PortBindings: {
        [`${port}/tcp`]: [{ HostIp: boundTo(info.containerRuntime.host), HostPort: '0' }],
      },
      Memory: memoryBytes,
      MemorySwap: memoryBytes,
      NanoCpus: nanoCpus,
      PidsLimit: maxProcesses,
      SecurityOpt: ['no-new-privileges'],
      LogConfig: { Type: 'json-file', Config: { 'max-size': maxLog, 'max-file': '1' } },
    },
    abortSignal: inTime(),
  });
}

/** The address by which steps find what the engine publishes. */
export function hostOf({ info }: Engine): string {
  const { host } = info.containerRuntime;
  return host === 'localhost' ? '127.0.0.1' : host;
}

/**
 * The address that ports are published to, so that this machine alone reaches them; blank for all. The
 * engine of another machine is named, and may not know its name as an address of its own.
 */
export function boundTo(host: string): string {
  if (host === 'localhost') return '127.0.0.1';
  return isIP(host) === 0 ? '' : host;
}

/** The port of `hostOf` that leads to a service; undefined while there is none. */
export function publishedPort({ NetworkSettings }: Inspected, port: number): string | undefined {
  return NetworkSettings.Ports[`${port}/tcp`]?.[0]?.HostPort;
}

/** How a container ended, in words; null while it runs. */
export function endOf(inspected: Inspected): string | null {
  const { State, HostConfig } = inspected;
  if (State.OOMKilled) {
    return `it ran out of memory (limit ${Math.round((HostConfig.Memory ?? 0) / 2 ** 20)} MiB)`;
  }
  if (State.Running) return null;
  const words = `it ended by itself: exit code ${State.ExitCode}`;
  return State.Error === '' ? words : `${words}: ${State.Error}`;
}

/** 128 and SIGKILL. */
const killedStatus = 137;

/**
 * Ends a container; how it had ended by itself before, in words, or null. To look first would not
 * do: an engine hears of an end a while after those whose connections it cut.
 */
export async function endContainer(container: Container): Promise<string | null> {
  try {
    await container.kill({ abortSignal: inTime() });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  await container.wait({ abortSignal: inTime() });
  const inspected = await container.inspect({ abortSignal: inTime() });
  const { ExitCode, OOMKilled } = inspected.State;
  return ExitCode === killedStatus && !OOMKilled ? null : endOf(inspected);
}

/** Runs a command in a container; its exit status. What it prints goes nowhere, so that it is no burden. */
export async function runIn(
  container: Container,
  command: string,
  signal: AbortSignal,
): Promise<number> {
  const exec = await container.exec({ Cmd: ['/bin/sh', '-c', command], abortSignal: signal });
  const answer = await exec.start({ Detach: true, abortSignal: signal });
  answer.resume();
  for (;;) {
    const { Running, ExitCode } = await exec.inspect({ abortSignal: signal });
    if (!Running) return ExitCode ?? -1;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The last that a service printed. */
export async function outputOf(container: Container): Promise<Buffer> {
  const framed = await container.logs({
    follow: false,
    stdout: true,
    stderr: true,
    tail: logLines,
    abortSignal: inTime(),
  });
  const parts: Buffer[] = [];
  // Each part has a head of eight bytes, the last four of which are its length.
  for (let at = 0; at + 8 <= framed.length;) {
    const end = at + 8 + framed.readUInt32BE(at + 4);
    parts.push(framed.subarray(at + 8, end));
    at = end;
  }
  return Buffer.concat(parts);
}

/** Ends and removes all containers of a slot, with their volumes. */
export async function removeContainers({ docker }: Engine, mark: string): Promise<void> {
  const found = await docker.listContainers({
    all: true,
    filters: { label: [`${slotLabel}=${mark}`] },
    abortSignal: inTime(),
  });
  await Promise.all(
    found.map(async ({ Id }) => {
      try {
        await docker.getContainer(Id).remove({ force: true, v: true, abortSignal: inTime() });
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    }),
  );
}

/** Somebody else ended or removed it, or is about to. */
function isGone(error: unknown): boolean {
  const { statusCode } = error as { statusCode?: number };
  return statusCode === 404 || statusCode === 409;
}

export function inTime(): AbortSignal {
  return AbortSignal.timeout(callMs);
}
