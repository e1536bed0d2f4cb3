/**
 * SIGKILL for a process, or by a negative number for a group of them; one that is gone already is
 * what was wanted.
 */
export function killNow(target: number): void {
  try {
    process.kill(target, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
