import type { SessionHost } from '../protocol';

/** Announces work on this number of values, which blocks the thread. Slow devices generate, check or copy four million values a second. */
export type AnnounceNumbers = (numbers: number) => void;

export function announcer(host: SessionHost): AnnounceNumbers {
  return (numbers) => host.quiet?.(numbers / 2 ** 22);
}
