import { WebVeraError } from '../../core/errors/error';
import { shownList } from '../../core/errors/shown_list';
import type { Warning } from '../../core/errors/warning';
import { fitsFloat32, MOST_FLOAT32 } from '../../core/input/float32_range';
import type { PreviewLabel } from '../../core/types/preview';
import type { IdTensor, RowLabels } from '../../core/types/tensor';
import type { Example, LabelList } from '../../core/types/training';
import { areSeveral, type Labels, targetsPerRow } from '../../models/labels';

/** The largest number of names in an error message. */
const SHOWN = 8;

/** The threshold for a model that predicts several labels at once: an example has each label with a higher probability. */
export const ONE_HALF = 0.5;

/** An example's label, or its list of labels. */
type GivenLabel = number | string | LabelList;

/** Returns the label of an example, or its list of labels if the model predicts several. Undefined for an example without a label. */
export function labelOf(example: Example, labels: Labels): GivenLabel | undefined {
  if ('label' in example && example.label !== undefined && typeof example.label !== 'boolean') return example.label;
  const given = 'labels' in example ? example.labels : undefined;
  // For a model that predicts one label, a list of numbers holds labels of tokens, not of the whole example.
  return typeof given === 'object' && !areSeveral(labels) && !isNames(given) ? undefined : given;
}

function isNames(list: LabelList): boolean {
  return list.some((entry) => typeof entry === 'string');
}

/**
 * Returns the targets of a row: only its class or number, or a number for each label. If a model predicts several labels at once, `given`
 * has the names of the example's labels, or each label's probability from 0 to 1; a single name counts as a list with one name. Throws
 * `invalid_argument`.
 */
export function targetsOf(given: GivenLabel, labels: Labels, where: string): readonly number[] {
  if (areSeveral(labels)) return severalTargets(typeof given === 'string' ? [given] : given, labels, where);
  if (typeof given !== 'object') return [targetOf(given, labels, where)];
  throw wrongLabel(where, 'one label', given, SEVERAL_HINT);
}

function severalTargets(given: number | LabelList, { names, problem }: Labels, where: string): readonly number[] {
  const isMultiLabel = problem === 'multi_label_classification';
  const list: LabelList = typeof given === 'object' ? given : [];
  if (isMultiLabel && typeof given === 'object' && (list.length === 0 || isNames(list))) {
    return oneForEach(list, names, where);
  }
  const accepts = (entry: number | string): entry is number =>
    typeof entry === 'number' && Number.isFinite(entry) && !(isMultiLabel && (entry < 0 || entry > 1));
  const numbers = [...list].filter(accepts);
  if (numbers.length === names.length && list.length === names.length) return numbers.map(float32At(where));
  const ofNumbers = `a list of ${names.length} numbers, one for each label`;
  const expected = isMultiLabel
    ? `a list of the model's labels (${shown(names)}), or ${ofNumbers}, from 0 to 1`
    : ofNumbers;
  throw wrongLabel(where, expected, given, LOADED_HINT);
}

/** Returns 1 for each label that `given` names, and 0 for every other label. Throws `invalid_argument` for unknown names. */
function oneForEach(given: LabelList, names: readonly string[], where: string): number[] {
  const [known, told] = [new Set<number | string>(names), new Set<number | string>(given)];
  const odd = [...told].find((name) => !known.has(name));
  if (odd !== undefined) throw wrongLabel(where, `names among the model's labels (${shown(names)})`, odd);
  return names.map((name) => Number(told.has(name)));
}

/**
 * Returns the class that a label names, or the number to predict. A label names a class by the class's name or index. A number may also be
 * a string, as in CSV files. Throws `invalid_argument`, also for a number that is the name of one class and the index of another.
 */
export function targetOf(label: number | string, { names, problem }: Labels, where: string): number {
  if (problem === 'regression') {
    const number = typeof label === 'string' && label.trim() !== '' ? Number(label) : label;
    if (typeof number === 'number' && Number.isFinite(number)) return float32At(where)(number);
    throw wrongLabel(where, 'a number, as the model has a single label', label);
  }
  const named = names.indexOf(String(label));
  if (typeof label === 'number' && named >= 0 && named !== label && names[label] !== undefined) {
    throw wrongLabel(
      where,
      `a label that is not the name of one class and the index of another`,
      label,
      AMBIGUOUS_HINT,
    );
  }
  const index = named >= 0 ? named : Number(label);
  const isEmpty = String(label).trim() === '';
  if (!isEmpty && Number.isInteger(index) && index >= 0 && index < names.length) return index;
  throw wrongLabel(where, `one of the model's labels (${shown(names)}) or an index below ${names.length}`, label);
}

/**
 * Returns a function that checks a number to predict: it returns the number, or throws `invalid_argument` if the number isn't finite in
 * float32.
 */
function float32At(where: string): (number: number) => number {
  return (number) => {
    if (fitsFloat32(number)) return number;
    throw wrongLabel(where, `a number from -${MOST_FLOAT32} to ${MOST_FLOAT32}`, number, SCALED_HINT);
  };
}

/** Returns the class at an index. Throws `invalid_argument` if there is none. */
export function classAt(index: number, { names }: Labels, where: string): number {
  if (names[index] !== undefined) return index;
  throw wrongLabel(where, `an index below ${names.length} of the model's labels (${shown(names)})`, index);
}

/**
 * Returns an example's label for a preview: the index and name of each class that it has, or the numbers to predict. null if it has no
 * label. Throws `invalid_argument`, as `targetsOf` does.
 */
export function previewLabel(example: Example, labels: Labels, where: string): PreviewLabel {
  const label = labelOf(example, labels);
  if (label === undefined) return null;
  const targets = targetsOf(label, labels, where);
  const named = (id: number) => ({ id, name: labels.names[id] ?? '' });
  const [first = 0] = targets;
  if (labels.problem === 'single_label_classification') return named(first);
  if (labels.problem === 'regression') return areSeveral(labels) ? targets : first;
  return targets.flatMap((target, id) => (target > ONE_HALF ? [named(id)] : []));
}

/** Returns the targets of B rows from the labels that were passed to `forward`; classes are indices there. Throws `invalid_argument`. */
export function givenTargets(
  { dims, data }: RowLabels | IdTensor,
  labels: Labels,
  B: number,
): readonly (readonly number[])[] {
  const count = targetsPerRow(labels);
  const isForEach = data.length === B * count && (!areSeveral(labels) || (dims[0] === B && dims[1] === count));
  if (!isForEach) {
    const expected = areSeveral(labels)
      ? `dims [${B}, ${count}], a number for each label`
      : `one for each of ${B} rows`;
    const got = areSeveral(labels) ? `[${dims.join(', ')}]` : data.length;
    throw new WebVeraError('invalid_argument', `labels: expected ${expected}, got ${got}`);
  }
  return Array.from({ length: B }, (_, index) => {
    const own = [...data.subarray(index * count, (index + 1) * count)];
    const where = `labels[${index}]`;
    if (areSeveral(labels)) return targetsOf(own, labels, where);
    const [label = 0] = own;
    return labels.problem === 'regression' ? targetsOf(label, labels, where) : [classAt(label, labels, where)];
  });
}

const LOADED_HINT =
  "A model is loaded with the labels it is to have: from_pretrained(source, { id2label: { 0: 'ham', 1: 'spam' } }).";
const AMBIGUOUS_HINT = "Write names as text: { label: '1' } is the class with this name.";
const SCALED_HINT = 'Divide the numbers by a constant, so that they are about 1.';
const SEVERAL_HINT =
  "A model that tells several labels at once is loaded as such: from_pretrained(source, { id2label, problem_type: 'multi_label_classification' }).";

function wrongLabel(where: string, expected: string, label: GivenLabel, hint = LOADED_HINT): WebVeraError {
  const got = JSON.stringify(label).slice(0, 80);
  return new WebVeraError('invalid_argument', `${where}: label: expected ${expected}, got ${got}`, {
    hint,
    detail: { label },
  });
}

/**
 * Warns of labels that no row has. Throws `invalid_argument` if all rows have the same class, because the model would only learn to predict
 * that class.
 */
export function checkClasses(rows: readonly (readonly number[])[], labels: Labels): Warning[] {
  const { names, problem } = labels;
  if (problem === 'regression') return [];
  if (problem === 'multi_label_classification') {
    return warnOfAbsent(names.filter((_, label) => rows.every((targets) => (targets[label] ?? 0) <= ONE_HALF)));
  }
  const targets = rows.map(([target = 0]) => target);
  const classes = new Set(targets);
  const [first = 0] = targets;
  if (classes.size === 1) {
    const message = `Expected examples of at least two classes, got ${targets.length} of ${JSON.stringify(names[first])} alone`;
    throw new WebVeraError('invalid_argument', message, {
      hint: 'Add examples with another label.',
      detail: { classes: 1 },
    });
  }
  return warnOfAbsent(names.filter((_, index) => !classes.has(index)));
}

function warnOfAbsent(absent: readonly string[]): Warning[] {
  if (absent.length === 0) return [];
  const message = `No example has the label ${shown(absent)}: the model learns never to give it`;
  return [{ code: 'label_never_occurs', message }];
}

function shown(names: readonly string[]): string {
  return shownList(names, SHOWN, (name) => JSON.stringify(name));
}
