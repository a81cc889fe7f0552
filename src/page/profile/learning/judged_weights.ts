import { groupBy } from '../../../core/input/group_by';
import type { ResolvedTrainingArguments, SentExample } from '../../../core/types/training';

/**
 * Whether an example counts in evaluations. A run doesn't train on an example with a weight of 0, so its loss says nothing about the run.
 */
export function counts(example: SentExample): boolean {
  return !('weight' in example) || example.weight !== 0;
}

/**
 * Returns the class weights of a run that trains on `learnt`, so that other examples can be evaluated with the same weights: 'balanced'
 * becomes a weight for each class of `learnt`. `names`: the model's labels.
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

/** Returns the name of an example's class. Its label is that name or the class's index. */
function classOf(example: SentExample, names: readonly string[]): string {
  const { label, labels } = example as { readonly label?: unknown; readonly labels?: unknown };
  const given = String(label ?? labels);
  return names.includes(given) ? given : (names[Number(given)] ?? given);
}
