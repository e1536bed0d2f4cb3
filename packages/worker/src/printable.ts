/** What others say reaches a terminal or a log: none of its control characters does. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '\uFFFD');
}
