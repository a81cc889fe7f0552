import { WebVeraError } from '../../core/error';
import type { PreviewLabel } from '../../core/preview';
import type { Warning } from '../../core/warning';
import type { Labels } from '../../models/labels';

/** Most names in a message. */
const SHOWN = 8;

/**
 * The class that a label names, or the number that is to be predicted. A class is its name or its index; numbers may be written
 * out, as files of text have them. Throws `invalid_argument`.
 */
export function targetOf(label: number | string, { names, problem }: Labels, where: string): number {
  if (problem === 'regression') {
    const number = typeof label === 'string' && label.trim() !== '' ? Number(label) : label;
    if (typeof number === 'number' && Number.isFinite(number)) return number;
    throw wrongLabel(where, 'a number, as the model has a single label', label);
  }
  const named = names.indexOf(String(label));
  const index = named >= 0 ? named : Number(label);
  const isEmpty = String(label).trim() === '';
  if (!isEmpty && Number.isInteger(index) && index >= 0 && index < names.length) return index;
  throw wrongLabel(where, `one of the model's labels (${shown(names)}) or an index below ${names.length}`, label);
}

/** What an example's label means. Throws `invalid_argument`, as `targetOf` does. */
export function previewLabel(label: number | string | undefined, labels: Labels, where: string): PreviewLabel {
  if (label === undefined) return null;
  const target = targetOf(label, labels, where);
  return labels.problem === 'regression' ? target : { id: target, name: labels.names[target] ?? '' };
}

/** The targets of what a caller of `forward` gives, one for each of B rows. Throws `invalid_argument`. */
export function targetsOf(data: Int32Array | Float32Array, labels: Labels, B: number): readonly number[] {
  if (data.length === B) return Array.from(data, (label, row) => targetOf(label, labels, `labels[${row}]`));
  throw new WebVeraError('invalid_argument', `labels: expected one for each of ${B} rows, got ${data.length}`);
}

function wrongLabel(where: string, expected: string, label: number | string): WebVeraError {
  return new WebVeraError(
    'invalid_argument',
    `${where}: label: expected ${expected}, got ${JSON.stringify(label).slice(0, 80)}`,
    {
      hint: "A model is loaded with the labels it is to have: from_pretrained(source, { id2label: { 0: 'ham', 1: 'spam' } }).",
      detail: { label },
    },
  );
}

/**
 * Warns of classes that no row has. Throws `invalid_argument` where all rows have the same class: nothing but that class would be
 * learnt.
 */
export function checkClasses(targets: readonly number[], { names, problem }: Labels): Warning[] {
  if (problem === 'regression') return [];
  const counts = new Map<number, number>();
  for (const target of targets) counts.set(target, (counts.get(target) ?? 0) + 1);
  const [first = 0] = targets;
  if (counts.size === 1) {
    const message = `Expected examples of at least two classes, got ${targets.length} of ${JSON.stringify(names[first])} alone`;
    throw new WebVeraError('invalid_argument', message, { hint: 'Add examples of what it is to be told from.' });
  }
  const absent = names.filter((_, index) => !counts.has(index));
  if (absent.length === 0) return [];
  const message = `No example has the label ${shown(absent)}: the model learns never to give it`;
  return [{ code: 'label_never_occurs', message }];
}

function shown(names: readonly string[]): string {
  const first = names.slice(0, SHOWN).map((name) => JSON.stringify(name));
  return [...first, ...(names.length > SHOWN ? [`and ${names.length - SHOWN} more`] : [])].join(', ');
}
