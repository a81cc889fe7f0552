import type { LearnRecord } from 'webvera';
import { shareOf } from '../../../../src/parts/words';

/** Describes the outcome of a refinement. `things`: the word for samples, such as 'messages'. */
export function outcomeInWords({ steps, candidates, left_out }: LearnRecord, things: string): string {
  const instant = candidates.find(({ name }) => name === 'instant');
  const chosen = candidates.find((one) => one.chosen);
  if (steps === 0 || instant === undefined || chosen === undefined) {
    return `It takes more ${things} to refine it: six of each class are enough.`;
  }
  const right = (accuracy: number | null): string => shareOf(accuracy ?? 0, left_out.length);
  if (chosen === instant)
    return `Refined, which made it no better: it stays right for ${right(instant.accuracy)} ${things} kept apart.`;
  const [before, now] = [instant.accuracy ?? 0, chosen.accuracy ?? 0];
  if (now === before) return `Refined: as before right for ${right(now)} ${things} kept apart.`;
  // The held-out samples are few, so refined vectors are used unless they are clearly worse.
  const why = now < before ? ', which is too few to tell them apart' : '';
  return `Refined: right for ${right(before)} ${things} kept apart before, and for ${right(now)} now${why}.`;
}
