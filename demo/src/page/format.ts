/** Formats a duration: 4 s, 2 min 5 s, 1 h 3 min. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '–';
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en');
}

/** Formats a number with up to two decimals: 1,387, 34.2, 3.60, 0.04. */
export function formatDigits(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const digits = Math.abs(value) >= 99.95 ? 0 : Math.abs(value) >= 9.995 ? 1 : 2;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Formats a share from 0 to 1 as a percentage: 34 %, 3.4 %. */
export function formatShare(share: number): string {
  if (!Number.isFinite(share)) return '–';
  return `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
}

export function formatDate(milliseconds: number): string {
  return new Date(milliseconds).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}
