import { WebVeraError } from '../../core/errors/error';
import { suggestion } from '../../core/errors/near_name';
import type { ResolvedTrainingArguments } from '../../core/types/training';
import type { Labels } from '../../models/labels';
import { refused } from '../refused';

/** Throws `invalid_argument` for arguments that no classifier accepts, or that a classifier with these labels doesn't accept. */
export function expectClassifiable(
  args: Pick<
    ResolvedTrainingArguments,
    'packing' | 'completion_only_loss' | 'label_smoothing_factor' | 'classWeights' | 'objective'
  >,
  labels: Labels,
): void {
  if (args.packing) throw refused('packing', 'a classifier reads each example by itself');
  if (args.completion_only_loss !== null) throw refused('completion_only_loss', 'a classifier predicts no tokens');
  if (args.label_smoothing_factor > 0) expectClasses('label_smoothing_factor', labels);
  if (args.classWeights !== null) expectClasses('classWeights', labels);
  if (args.objective === 'contrast') expectComparable(labels);
}

/** Throws `invalid_argument` for an argument that needs classes, if the labels are numbers or an example may have several labels. */
function expectClasses(argument: string, { names, problem }: Labels, hint = ''): void {
  if (problem === 'single_label_classification') return;
  const kind = problem === 'regression' ? 'of numbers' : 'of several labels at once';
  throw refused(argument, `a model ${names.length === 1 ? 'with one label' : kind} has no classes`, hint);
}

/** Throws `invalid_argument` for the objective 'contrast' if examples don't have one class each. */
export function expectComparable(labels: Labels): void {
  expectClasses('objective', labels, COMPARES);
}

const COMPARES = "The objective 'contrast' compares examples that have one class each.";

/** Returns the weight of each row's loss, which depends on its class. Throws `invalid_argument` for weights of unknown labels. */
export function rowWeights(
  targets: readonly number[],
  weights: ResolvedTrainingArguments['classWeights'],
  { names }: Labels,
): readonly number[] {
  if (weights === null) return targets.map(() => 1);
  if (weights === 'balanced') {
    const counts = names.map((_, label) => targets.filter((target) => target === label).length);
    const present = counts.filter((count) => count > 0).length;
    return targets.map((target) => targets.length / (present * (counts[target] ?? 1)));
  }
  const unknown = Object.keys(weights).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new WebVeraError(
      'invalid_argument',
      `classWeights: expected labels of the model, got ${JSON.stringify(unknown)}`,
      {
        hint: suggestion(unknown, names),
      },
    );
  }
  // A label may have the same name as an inherited property of objects, such as 'constructor'.
  const weightOf = (name: string): number => (Object.hasOwn(weights, name) ? (weights[name] ?? 1) : 1);
  return targets.map((target) => weightOf(names[target] ?? ''));
}
