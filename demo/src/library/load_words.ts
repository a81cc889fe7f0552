import { formatBytes } from '../../../src/parts/words';
import { formatDuration } from '../page/format';
import type { LoadProgress } from './load_meter';

/** Describes the progress: “1.2 MB of 2.75 MB · 3.4 MB/s · 1 s left”. */
export function loadInWords({ loaded, total, bytesPerSecond, secondsLeft }: LoadProgress): string {
  if (total === 0) return 'Starting…';
  const parts = [`${formatBytes(loaded)} of ${formatBytes(total)}`];
  if (bytesPerSecond !== undefined) parts.push(`${formatBytes(bytesPerSecond)}/s`);
  if (loaded < total && secondsLeft !== undefined) parts.push(`${formatDuration(secondsLeft)} left`);
  if (loaded >= total) parts.push('preparing');
  return parts.join(' · ');
}
