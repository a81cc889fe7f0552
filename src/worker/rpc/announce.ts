import type { SessionHost } from '../protocol';

/** Announces work that blocks the thread, given its number of values. Slow devices generate, check or copy four million values a second. */
export type AnnounceNumbers = (numbers: number) => void;

export function announcer(host: SessionHost): AnnounceNumbers {
  return (numbers) => host.quiet?.(numbers / 2 ** 22);
}
