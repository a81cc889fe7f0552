const UNITS = ['B', 'kB', 'MB', 'GB'] as const;

/** 61.4 kB, 2.75 MB, 331 kB. Thousands, as browsers and file managers count. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** 4 s, 2 min 5 s, 1 h 3 min */
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

/** 1,387, 34.2, 3.60, 0.04 */
export function formatDigits(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const digits = Math.abs(value) >= 99.95 ? 0 : Math.abs(value) >= 9.995 ? 1 : 2;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A part of 1: 34 %, 3.4 % */
export function formatShare(share: number): string {
  if (!Number.isFinite(share)) return '–';
  return `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
}

export function formatLoss(loss: number): string {
  return Number.isFinite(loss) ? loss.toFixed(3) : '–';
}

export function formatDate(milliseconds: number): string {
  return new Date(milliseconds).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

/** What went wrong on the way, for people. */
const CAUSES: Readonly<Record<string, string>> = {
  device_lost: 'The graphics card gave up',
  worker_crashed: 'A part of the page broke off',
  numerical_error: 'The numbers grew beyond bounds, so it learns more slowly now',
};

/** What happened to a run that goes on all the same. */
export function formatRecovery({
  cause,
  repeatedSteps,
}: {
  readonly cause: string;
  readonly repeatedSteps: number;
}): string {
  const steps = `${formatCount(repeatedSteps)} ${repeatedSteps === 1 ? 'step' : 'steps'}`;
  const back = repeatedSteps === 0 ? 'The run' : `The run went back ${steps}, and`;
  return `${CAUSES[cause] ?? `Something went wrong on the way (${cause})`}. ${back} goes on by itself.`;
}
