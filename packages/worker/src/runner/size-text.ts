/** So many bytes, in words: `76 MiB`. */
export function sizeText(bytes: number): string {
  const megabytes = bytes / (1024 * 1024);
  if (megabytes < 1) return `${bytes} bytes`;
  return megabytes < 1024
    ? `${Math.round(megabytes)} MiB`
    : `${Math.round(megabytes / 102.4) / 10} GiB`;
}
