const SIZE_UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A time in ms for people: whole ms below a second, else seconds. */
export function formatMs(ms: number | null): string {
  if (ms === null) return 'unknown';
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}

/** A size in bytes for people, in the largest unit of which there is at least one. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return 'unknown';
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), SIZE_UNITS.length - 1);
  const amount = bytes / 1_024 ** power;
  return `${power === 0 ? amount : amount.toFixed(1)} ${SIZE_UNITS[power]}`;
}
