import { readFileSync, readdirSync } from 'node:fs';
import process from 'node:process';

const everyMs = 25;

/** Watches how much memory the processes that this one starts come to have: the most that one of them did. */
export class ChildMemory {
  /** Resident, in MiB; 0 where there is no /proc. */
  peakMb = 0;
  readonly #timer = setInterval(() => this.#look(), everyMs);

  /** Counts anew. */
  reset(): void {
    this.peakMb = 0;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    for (const pid of childProcesses()) {
      const kb = /VmHWM:\s+(\d+)/.exec(readOr(`/proc/${pid}/status`))?.[1] ?? 0;
      this.peakMb = Math.max(this.peakMb, Number(kb) / 1024);
    }
  }
}

function childProcesses(): string[] {
  let all: string[];
  try {
    all = readdirSync('/proc');
  } catch {
    return [];
  }
  return all.filter((pid) => {
    // Behind the name, which may hold anything: state and parent.
    const fields = /^\d/.test(pid) ? readOr(`/proc/${pid}/stat`).split(') ').at(-1) : '';
    return Number(fields?.split(' ')[1]) === process.pid;
  });
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
