/** A project whose script prints in its own manner, and keeps a ledger of what it printed and returned. */
export interface LedgerProject {
  readonly name: string;
  /** Shell: prints what the log is to hold. Its exit status is the step's. */
  readonly print: string;
}

/** 100 lines a second or so, for people who watch. */
const pace = 'sleep 0.2';

export const projects: readonly LedgerProject[] = [
  { name: 'quick', print: 'echo one line' },
  { name: 'red', print: 'echo failing; exit 3' },
  { name: 'empty', print: 'true' },
  {
    name: 'patient',
    print: `i=0; while [ $i -lt 150 ]; do i=$((i+1)); echo "line $i of a build that takes its time"; ${pace}; done`,
  },
  {
    name: 'dots',
    print: `i=0; while [ $i -lt 60 ]; do i=$((i+1)); printf .; ${pace}; done; printf 'without an end'`,
  },
  { name: 'binary', print: `head -c 300000 /dev/urandom; sleep 2; head -c 300000 /dev/urandom` },
  {
    name: 'loud',
    print: `i=0; while [ $i -lt 10 ]; do i=$((i+1)); seq 1 20000; sleep 0.5; done`,
  },
  { name: 'capped', print: `seq 1 400000; sleep 1; seq 1 400000; exit 4` },
  { name: 'sensitive', print: `lang sensitive` },
];

/**
 * The step of a project. It begins its log with the name of its ledger, and writes there, before
 * anything reaches the farm: what it printed (`out`) and, as the last thing, what it returned (`exit`).
 */
export function ledgerStep(ledgers: string, { print }: LedgerProject): string {
  return `set -eu
run=$(cat /proc/sys/kernel/random/uuid)
ledger=${ledgers}/$run
mkdir "$ledger"
(
  echo "ledger $run"
  set +e
  ( ${print} )
  echo $? > "$ledger/status"
) | tee "$ledger/out"
status=$(cat "$ledger/status")
mv "$ledger/status" "$ledger/exit"
exit "$status"`;
}
