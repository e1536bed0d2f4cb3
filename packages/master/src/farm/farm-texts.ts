/** The text of the farm file and of each file that it includes, by path; the farm file is first. */
export type FarmTexts = ReadonlyMap<string, string>;

/** All of them as one text, by which two versions are told apart. */
export function wholeText(texts: FarmTexts): string {
  const [[, main] = ['', ''], ...included] = texts;
  return [main, ...included.map(([path, text]) => `# --- ${path} ---\n${text}`)].join('\n');
}
