import { groupBy } from '../../../core/input/group_by';
import type { ResolvedTrainingArguments, SentExample } from '../../../core/types/training';

/** Whether an example counts when an adapter is judged. An example with a weight of 0 isn't learnt, so it can't speak against a lesson. */
export function counts(example: SentExample): boolean {
  return !('weight' in example) || example.weight !== 0;
}

/**
 * Returns the weights of classes in a run that learns `learnt`, for examples of any other set: 'balanced' becomes a weight for each label.
 * `names`: the model's labels.
 */
export function weightsInRun(
  classWeights: ResolvedTrainingArguments['classWeights'],
  learnt: readonly SentExample[],
  names: readonly string[] | null,
): ResolvedTrainingArguments['classWeights'] {
  if (classWeights !== 'balanced' || names === null) return classWeights;
  const classes = groupBy(learnt, (example) => classOf(example, names));
  return Object.fromEntries(
    Array.from(classes, ([name, { length }]) => [name, learnt.length / (classes.size * length)] as const),
  );
}

/** Returns the name of an example's class, which its label has as a name or as an index. */
function classOf(example: SentExample, names: readonly string[]): string {
  const { label, labels } = example as { readonly label?: unknown; readonly labels?: unknown };
  const given = String(label ?? labels);
  return names.includes(given) ? given : (names[Number(given)] ?? given);
}
