/** What zstd begins every file with. */
const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

export const zstdMagicBytes = magic.length;

/** Whether bytes that begin like these are packed by zstd. */
export function beginsAsZstd(bytes: Buffer): boolean {
  return bytes.subarray(0, magic.length).equals(magic);
}
