import { isInsecure, shellWord } from '@weir/model';
import type { RegisterAsk } from './register-ask.ts';

export interface JoinPlace {
  /** The farm's address as the visitor knows it. */
  readonly origin: string;
  readonly fingerprint: string;
  /** Of the agent's file, hexadecimal. */
  readonly agentSha256: string;
  /** Repositories that only this machine has, with their paths; none for a visitor from elsewhere. */
  readonly remotes: ReadonlyMap<string, string>;
}

/** Fetches the agent with Node alone, and keeps it only if it is the very file that the farm serves. */
export function fetchCommand({ origin, agentSha256 }: JoinPlace): string {
  const check = `if(h!=="${agentSha256}")throw Error("not the file that was promised: "+h)`;
  const script = [
    `fetch("${origin}/weir-worker.mjs").then(r=>r.arrayBuffer()).then(b=>{`,
    'const f=Buffer.from(b),h=crypto.createHash("sha256").update(f).digest("hex");',
    `${check};fs.writeFileSync("weir-worker.mjs",f)})`,
  ];
  return `node -e '${script.join('')}'`;
}

/** Joins the farm, and goes on as the worker. */
export function joinCommand({ origin, fingerprint, remotes }: JoinPlace, ask: RegisterAsk): string {
  const words = ['node weir-worker.mjs join', origin, '--key', fingerprint, '--name', ask.name];
  if (ask.owner !== '') words.push('--owner', shellWord(ask.owner));
  words.push('--slots', ask.slots);
  for (const project of ask.projects) words.push('--only-project', project);
  if (ask.invite !== undefined) words.push('--invite', ask.invite);
  for (const [url, path] of remotes) words.push('--remote', shellWord(`${url}=${path}`));
  if (isInsecure(origin)) words.push('--insecure');
  return words.join(' ');
}
