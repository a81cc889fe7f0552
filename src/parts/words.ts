const UNITS = ['B', 'kB', 'MB', 'GB'] as const;

/** Formats a number of bytes: 61.4 kB, 2.75 MB, 331 kB. Units are powers of 1000, as in browsers and file managers. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** Formats a count with its noun: '1 message', '1,200 messages'. */
export function counted(count: number, thing: string): string {
  return `${count.toLocaleString('en')} ${thing}${count === 1 ? '' : 's'}`;
}

/** Describes a share of `count` things: exactly up to 20 things ('7 of 9'), in tenths above ('about 8 of 10'). */
export function shareOf(share: number, count: number): string {
  if (count <= 20 || share === 0) return `${Math.round(share * count)} of ${count}`;
  if (share === 1) return `all ${count}`;
  const tenths = Math.round(10 * share);
  if (tenths === 10) return 'more than 9 of 10';
  return tenths === 0 ? 'fewer than 1 of 10' : `about ${tenths} of 10`;
}

/** A failure that a run recovered from, and the steps that it repeats. */
export interface Recovered {
  /** The code of the error that the run recovered from. */
  readonly cause: string;
  readonly repeatedSteps: number;
}

/** Explanations of the failures, for visitors, by error code. */
const CAUSES: Readonly<Record<string, string>> = {
  device_lost: 'The graphics card gave up',
  worker_crashed: 'A part of the page broke off',
  numerical_error: 'The numbers grew beyond bounds, so it learns more slowly now',
};

/** Explains that a run recovered from a failure. `run`: the run's name in the sentence, such as 'It'. */
export function recoveredInWords({ cause, repeatedSteps }: Recovered, run: string): string {
  const back = repeatedSteps === 0 ? run : `${run} went back ${counted(repeatedSteps, 'step')}, and`;
  return `${CAUSES[cause] ?? `Something went wrong on the way (${cause})`}. ${back} goes on by itself.`;
}
