const wanted = [24, 15] as const;

/** What to say to who starts a program of ours with a Node that is too old for it; null: it is not. */
export function tooOldText(program: string, version: string): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > wanted[0] || (major === wanted[0] && minor >= wanted[1])) return null;
  return `${program} needs Node ${wanted.join('.')} or newer, this is ${version}: get it from nodejs.org, or by 'npm install -g node@24'`;
}
