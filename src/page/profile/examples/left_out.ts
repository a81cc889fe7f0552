import type { SentExample } from '../../../core/types/training';

/** Examples to train on, and others (`judges`) on which the result is evaluated. */
export interface Trial {
  readonly learnt: readonly SentExample[];
  readonly judges: readonly SentExample[];
  /** The indices of `judges` among all examples. */
  readonly places: readonly number[];
}

/** One in `SHARE` examples of a label is left out. If these are fewer than `ENOUGH` in all, one in `SHARE_OF_FEW` is left out instead. */
const [SHARE, SHARE_OF_FEW] = [5, 3];
const ENOUGH = 10;
/** The smallest number of left-out examples to evaluate on. */
const FEWEST = 3;

/**
 * Leaves out the last of every five examples of a label, or of every three, in their order, so that the same examples are left out again
 * after others were added. Examples whose targets are numbers count as examples of one label. Returns undefined for too few examples.
 */
export function leaveOut(examples: readonly SentExample[], isOfNumbers = false): Trial | undefined {
  const fifth = placesLeftOut(examples, SHARE, isOfNumbers);
  const places = fifth.length >= ENOUGH ? fifth : placesLeftOut(examples, SHARE_OF_FEW, isOfNumbers);
  if (places.length < FEWEST) return undefined;
  const left = new Set(places);
  return {
    learnt: examples.filter((_, place) => !left.has(place)),
    judges: examples.filter((_, place) => left.has(place)),
    places,
  };
}

function placesLeftOut(examples: readonly SentExample[], share: number, isOfNumbers: boolean): number[] {
  const counts = new Map<string, number>();
  const places: number[] = [];
  for (const [place, example] of examples.entries()) {
    const label = isOfNumbers ? '' : labelIn(example);
    const count = (counts.get(label) ?? 0) + 1;
    counts.set(label, count);
    if (count % share === 0) places.push(place);
  }
  return places;
}

/** Returns an example's label or labels, as text. */
function labelIn(example: SentExample): string {
  if ('label' in example) return JSON.stringify(example.label);
  return 'labels' in example ? JSON.stringify(example.labels) : '';
}
