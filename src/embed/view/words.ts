import type { LearnRecord, ProfileInfo, ProgressInfo, Session, TrainerState } from '../../index';
import type { Recovered } from '../run_watch';

const UNITS = ['B', 'kB', 'MB', 'GB'] as const;

/** 61.4 kB, 2.75 MB, 331 kB */
export function bytesInWords(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** "12 s left", "about 3 min left"; empty where it isn't known. */
export function timeLeft(seconds: number | undefined): string {
  if (seconds === undefined || !Number.isFinite(seconds) || seconds < 0) return '';
  if (seconds < 59.5) return `${Math.max(1, Math.round(seconds))} s left`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `about ${minutes} min left` : `about ${Math.round(minutes / 60)} h left`;
}

/** What is shown of loading: how much has come, until all has, and then what is done with it. */
export function shownProgress(before: ProgressInfo | undefined, info: ProgressInfo): ProgressInfo | undefined {
  if (info.status === 'progress_total' || info.status === 'ready') return info;
  const isComing = before?.status === 'progress_total' && before.loaded < before.total;
  return isComing || 'file' in info ? before : info;
}

/** Where loading stands; `share` is a part of 1, undefined where nobody knows. */
export function loadingInWords(info: ProgressInfo | undefined): { readonly text: string; readonly share?: number } {
  switch (info?.status) {
    case 'progress_total': {
      const { loaded, total, secondsLeft } = info;
      if (total === 0) return { text: bytesInWords(loaded) };
      const text = joined(`${bytesInWords(loaded)} of ${bytesInWords(total)}`, timeLeft(secondsLeft));
      return { text, share: loaded / total };
    }
    case 'verify':
    case 'upload':
    case 'compile':
      return { text: 'Getting ready…', share: info.progress / 100 };
    case 'ready':
      return { text: 'Getting ready…' };
    default:
      return { text: 'Starting…' };
  }
}

/** Where a run stands. */
export function stepsInWords({ global_step, max_steps, log_history }: TrainerState): string {
  if (max_steps <= 0) return 'Reading, and seeing how well it does now…';
  const last = log_history.at(-1);
  const steps = `Step ${global_step} of ${max_steps}`;
  if (last === undefined) return steps;
  return joined(steps, global_step < max_steps ? timeLeft(last.seconds_left) : 'seeing whether it got better…');
}

/** What went wrong on the way, for people. */
const CAUSES: Readonly<Record<string, string>> = {
  device_lost: 'The graphics card gave up',
  worker_crashed: 'A part of the page broke off',
  numerical_error: 'The numbers grew beyond bounds, so it learns more slowly now',
};

/** What happened to a run that goes on all the same. */
export function recoveredInWords({ cause, repeatedSteps }: Recovered): string {
  const back = repeatedSteps === 0 ? 'It' : `It went back ${counted(repeatedSteps, 'step')}, and`;
  return `${CAUSES[cause] ?? `Something went wrong on the way (${cause})`}. ${back} goes on by itself.`;
}

/** What keeps a run from going on for now, if anything does. */
export function troubleInWords(state: Session['state'] | undefined): string | undefined {
  if (state === 'recovering') return 'Something broke off. It goes on by itself in a moment…';
  if (state === 'blocked') return 'The browser holds the graphics card back. It goes on by itself in a minute or two…';
  return undefined;
}

export function keptInWords(info: ProfileInfo | undefined): string {
  if (info === undefined || (info.examples === 0 && info.seen === 0 && info.history.length === 0)) {
    return 'Nothing yet. What you teach it stays in this browser.';
  }
  const { examples, seen, bytes } = info;
  const all = seen > examples ? `, a fair sample of the ${counted(seen, 'example')} so far` : '';
  return `In this browser, and nowhere else: ${counted(examples, 'example')}${all}; ${bytesInWords(bytes)} in all.`;
}

/** What has come of all it learnt, and of the last time. */
export function learntInWords(history: readonly LearnRecord[]): string {
  const last = history.at(-1);
  if (last === undefined) return '';
  const times = history.length === 1 ? 'It has learnt once.' : `It has learnt ${history.length} times.`;
  return `${times} ${outcomeInWords(last)}`;
}

/** Loss says little to most people, so better or worse comes first. */
export function outcomeInWords({ held_out, loss_before, loss_after, taken }: LearnRecord): string {
  const losses = `(loss ${loss_before.toFixed(2)} → ${loss_after.toFixed(2)})`;
  const measure = held_out > 0 ? 'at examples that it hadn’t seen' : 'at what you taught it';
  if (!taken) return `The last time it would have got worse ${measure} ${losses}, so it stayed as it was.`;
  if (loss_after < loss_before) return `The last time it got better ${measure} ${losses}.`;
  return `The last time made no difference ${measure} ${losses}.`;
}

/** What is to be learnt, by labels: "To learn: 2 ham, 1 spam". */
export function countsInWords(labels: readonly string[]): string {
  const counts = [...new Set(labels)].map((label) => `${labels.filter((other) => other === label).length} ${label}`);
  return `To learn: ${counts.join(', ')}`;
}

/** "97 %" of 0.97. */
export function shareInWords(share: number): string {
  return `${Math.round(100 * share)} %`;
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' · ');
}

/** Steps at the beginning and at the end of a run whose means are told: batches differ by more than a step teaches. */
const SOME = 10;

/** The loss in words: how it is now, and how it was before it had learnt much. `lessons`: what it learns from. */
export function lossInWords(losses: readonly number[], lessons = 'text'): string {
  const size = Math.min(SOME, Math.ceil(losses.length / 2));
  const now = mean(losses.slice(-size)).toFixed(2);
  const since = losses.length > 1 ? `, ${mean(losses.slice(0, size)).toFixed(2)} at first` : '';
  return `How surprised it is by your ${lessons}: ${now} now${since}. Lower is better.`;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
