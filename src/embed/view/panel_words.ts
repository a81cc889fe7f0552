import type { LearnRecord, ProfileInfo, ProgressInfo, Session, TrainerState } from '../../index';
import { counted, formatBytes, shareOf } from '../../parts/words';

/** Formats the remaining time: "12 s left", "about 3 min left"; empty if it is unknown. */
export function timeLeft(seconds: number | undefined): string {
  if (seconds === undefined || !Number.isFinite(seconds) || seconds < 0) return '';
  if (seconds < 59.5) return `${Math.max(1, Math.round(seconds))} s left`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `about ${minutes} min left` : `about ${Math.round(minutes / 60)} h left`;
}

/**
 * Returns the progress to show next: the new `info`, or still `before`. Stages after the download aren't shown until the download is
 * complete. The progress of single files is never shown.
 */
export function shownProgress(before: ProgressInfo | undefined, info: ProgressInfo): ProgressInfo | undefined {
  if (info.status === 'progress_total' || info.status === 'ready') return info;
  const isComing = before?.status === 'progress_total' && before.loaded < before.total;
  return isComing || 'file' in info ? before : info;
}

/** Describes the progress of loading. `share`: the completed part, from 0 to 1; undefined if it is unknown. */
export function loadingInWords(info: ProgressInfo | undefined): { readonly text: string; readonly share?: number } {
  switch (info?.status) {
    case 'progress_total': {
      const { loaded, total, secondsLeft } = info;
      if (total === 0) return { text: formatBytes(loaded) };
      const text = joined(`${formatBytes(loaded)} of ${formatBytes(total)}`, timeLeft(secondsLeft));
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

/** Describes the progress of a training run. */
export function stepsInWords({ global_step, max_steps, log_history }: TrainerState): string {
  if (max_steps <= 0) return 'Reading, and seeing how well it does now…';
  const last = log_history.at(-1);
  const steps = `Step ${global_step} of ${max_steps}`;
  if (last === undefined) return steps;
  return joined(steps, global_step < max_steps ? timeLeft(last.seconds_left) : 'seeing whether it got better…');
}

/** Explains why the session can't train at the moment; undefined if it can. */
export function troubleInWords(state: Session['state'] | undefined): string | undefined {
  if (state === 'recovering') return 'Something broke off. It goes on by itself in a moment…';
  if (state === 'blocked') return 'The browser holds the graphics card back. It goes on by itself in a minute or two…';
  return undefined;
}

/** Whether a profile contains, or once contained, anything from a visitor. */
export function hasLearnt({ seen, ratings, preferences, history }: ProfileInfo): boolean {
  return seen + ratings + preferences + history.length > 0;
}

/** Describes the profile. `hasNoStorage`: the browser stores nothing, so that the profile ends with the page. */
export function keptInWords(info: ProfileInfo | undefined, hasNoStorage = false): string {
  if (info === undefined || !hasLearnt(info)) {
    return `Nothing yet. What you teach it stays ${hasNoStorage ? 'only until this page closes' : 'in this browser'}.`;
  }
  const { examples, seen, ratings, preferences, bytes } = info;
  const all = seen > examples ? `, a fair sample of the ${counted(seen, 'example')} so far` : '';
  const opinions = ratings + preferences === 0 ? '' : `, ${counted(ratings + preferences, 'rating')}`;
  const stored = `${counted(examples, 'example')}${all}${opinions}`;
  const where = hasNoStorage ? 'Only until this page closes' : 'In this browser';
  return `${where}, and nowhere else: ${stored}, in ${formatBytes(bytes)}.`;
}

/**
 * Describes how often the profile has learnt, and the last outcome. Returns '' if the last method isn't 'train', as after learning labels.
 */
export function learntInWords(all: readonly LearnRecord[]): string {
  const history = all.filter(isInEffect);
  const last = history.at(-1);
  if (last?.method !== 'train') return '';
  const times = history.length === 1 ? 'It has learnt once.' : `It has learnt ${history.length} times.`;
  return `${times} ${outcomeInWords(last)}`;
}

/** Describes the outcome of training. It says first whether the model got better or worse, because most people can't judge a loss. */
export function outcomeInWords({ held_out, loss_before, loss_after, taken }: LearnRecord): string {
  const losses = `(loss ${loss_before.toFixed(2)} → ${loss_after.toFixed(2)})`;
  const measure = held_out > 0 ? 'at examples that it hadn’t seen' : 'at what you taught it';
  if (!taken) return `The last time it would have got worse ${measure} ${losses}, so it stayed as it was.`;
  if (loss_after < loss_before) return `The last time it got better ${measure} ${losses}.`;
  return `The last time made no difference ${measure} ${losses}.`;
}

/**
 * Describes a classifier's last outcome: how often it is right after learning labels, or whether refining it helped; '' if there is none.
 */
export function rightInWords(all: readonly LearnRecord[]): string {
  const history = all.filter(isInEffect);
  const last = history.at(-1);
  if (last === undefined || last.method === 'train') return '';
  const { taken, examples, held_out, accuracy_after, cross_validated_accuracy } = last;
  if (!taken && last.method === 'instant') return outcomeInWords(last);
  if (last.method === 'refine') return refinedInWords(last);
  // The cross-validated accuracy is too optimistic if the adapter was trained on the same examples.
  const [share, count] = history.some(trainsVectors)
    ? [accuracy_after, held_out]
    : [cross_validated_accuracy ?? accuracy_after, cross_validated_accuracy === null ? held_out : examples];
  if (share === null) return `It has learnt from ${counted(examples, 'example')}.`;
  return `It is right for ${shareOf(share, count)} examples that it hadn’t seen.`;
}

function refinedInWords(record: LearnRecord): string {
  const { steps, candidates, held_out, left_out } = record;
  if (steps === 0 && candidates.length === 0)
    return 'It takes more examples to refine it: six of each label are enough.';
  const chosen = candidates.find((one) => one.chosen);
  const judges = held_out > 0 ? held_out : left_out.length;
  const known = (share: number | null | undefined) => (share == null || judges === 0 ? '' : shareOf(share, judges));
  const after = known(record.accuracy_after ?? chosen?.accuracy);
  if (!trainsVectors(record)) {
    const still = after === '' ? '' : `: right for ${after} examples that it hadn’t seen`;
    return `Refining made it no better, so it was left as it was${still}.`;
  }
  const before = known(record.accuracy_before ?? candidates.find(({ name }) => name === 'instant')?.accuracy);
  if (after === '') return 'Refined, and kept.';
  return `Refined, and kept. Of examples that it hadn’t seen, it was right for ${before} before, and is for ${after} now.`;
}

/** Whether an outcome is still in effect: no rollback has undone it. */
function isInEffect({ undone }: LearnRecord): boolean {
  return undone !== true;
}

/** Whether the training of this record may have produced the adapter's current parameters. */
function trainsVectors({ taken, steps, candidates }: LearnRecord): boolean {
  return taken && steps > 0 && !candidates.some(({ name, chosen }) => chosen && name === 'instant');
}

/** Counts the examples of each label: "Added: 2 ham, 1 spam". */
export function countsInWords(labels: readonly string[]): string {
  const counts = [...new Set(labels)].map((label) => `${labels.filter((other) => other === label).length} ${label}`);
  return `Added: ${counts.join(', ')}`;
}

/** Formats a share as a percentage: 0.97 as "97 %". */
export function shareInWords(share: number): string {
  return `${Math.round(100 * share)} %`;
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' · ');
}

/**
 * The number of first and of last steps whose mean losses are compared. The loss differs more between two batches than one step lowers it.
 */
const SOME = 10;

/** Compares the mean loss of the last steps with that of the first steps. `meaning`: a description of the loss. */
export function lossInWords(losses: readonly number[], meaning: string): string {
  const size = Math.min(SOME, Math.ceil(losses.length / 2));
  const now = mean(losses.slice(-size)).toFixed(2);
  const since = losses.length > 1 ? `, ${mean(losses.slice(0, size)).toFixed(2)} at first` : '';
  return `${meaning}: ${now} now${since}. Lower is better.`;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
