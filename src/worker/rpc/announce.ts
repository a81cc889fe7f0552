import type { SessionHost } from '../protocol';

/** Announces work on so many numbers, which blocks the thread: slow devices draw, check or copy four million a second. */
export type AnnounceNumbers = (numbers: number) => void;

export function announcer(host: SessionHost): AnnounceNumbers {
  return (numbers) => host.quiet?.(numbers / 2 ** 22);
}
