/** Attachments as the server takes them (`src/domain/attachment.rs`). */

export const BYTES_MAX = 10 * 1024 * 1024;
/** Of one ticket. */
export const COUNT_MAX = 20;

/** `812 B`, `40 KiB`, `1.5 MiB`. */
export function sizeOf(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const kib = bytes / 1024;
  return kib < 1024 ? `${Math.round(kib)} KiB` : `${(kib / 1024).toFixed(1)} MiB`;
}
