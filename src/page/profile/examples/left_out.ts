import { groupBy } from '../../../core/input/group_by';
import type { LabelList, SentExample } from '../../../core/types/training';

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
/** An example has the labels whose probability is above this. */
const ONE_HALF = 0.5;

/** The form of an example's targets: one label; a set of labels, or a probability for each label; or numbers. */
type TargetsOfExample = 'label' | 'set' | 'numbers';

/**
 * Groups the examples by label, and leaves out every fifth example of each group, in their order, or every third if these are too few. The
 * position in the group decides, so a later run with more examples leaves out mostly the same ones. With several labels per example, each
 * set of labels is a group. Many sets are too rare for a fifth (or third), so the remaining examples at the end of each group form one more
 * group. Examples whose targets are numbers form a single group. Returns undefined if too few examples can be left out.
 */
export function leaveOut(examples: readonly SentExample[], targets: TargetsOfExample = 'label'): Trial | undefined {
  const fifth = placesLeftOut(examples, SHARE, targets);
  const places = fifth.length >= ENOUGH ? fifth : placesLeftOut(examples, SHARE_OF_FEW, targets);
  if (places.length < FEWEST) return undefined;
  const left = new Set(places);
  return {
    learnt: examples.filter((_, place) => !left.has(place)),
    judges: examples.filter((_, place) => left.has(place)),
    places,
  };
}

function placesLeftOut(examples: readonly SentExample[], share: number, targets: TargetsOfExample): number[] {
  const keys = examples.map((one) => (targets === 'numbers' ? '' : targets === 'set' ? setIn(one) : labelIn(one)));
  const all = [...groupBy(keys.keys(), (place) => keys[place]).values()];
  const ends = targets === 'set' ? all.flatMap((group) => group.slice(group.length - (group.length % share))) : [];
  const lastOfShare = (group: readonly number[]): number[] => group.filter((_, index) => index % share === share - 1);
  return [...all, ends.sort(ascending)].flatMap(lastOfShare).sort(ascending);
}

const ascending = (a: number, b: number): number => a - b;

/** Returns an example's label or labels, as text. */
function labelIn(example: SentExample): string {
  if ('label' in example) return JSON.stringify(example.label);
  return 'labels' in example ? JSON.stringify(example.labels) : '';
}

/** Returns an example's labels as text, equal for equal sets. Labels whose probability is above one half are in the set. */
function setIn(example: SentExample): string {
  const { label, labels = [] } = example as { readonly label?: unknown; readonly labels?: LabelList | number };
  const list: readonly unknown[] = label !== undefined ? [label] : typeof labels === 'object' ? labels : [];
  const isOfNames = list.some((entry) => typeof entry === 'string');
  const set = isOfNames ? list : list.flatMap((entry, index) => (Number(entry) > ONE_HALF ? [index] : []));
  return JSON.stringify([...new Set(set)].sort());
}
