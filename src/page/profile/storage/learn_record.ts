import { WebVeraError } from '../../../core/errors/error';
import type { Fields } from '../../../core/input/fields';
import {
  LEARN_KINDS,
  LEARN_METHODS,
  type LearnCandidate,
  type LearnMethod,
  type LearnPhase,
  type LearnRecord,
} from '../types';
import { count, counts, fieldsOf, list, places } from './record_fields';

export function readHistory(fields: Fields): LearnRecord[] {
  return list(fields, 'history').map(readRecord);
}

export function readRecord(value: unknown): LearnRecord {
  const record = fieldsOf(value, 'history');
  return {
    method: readMethod(record),
    ...counts(record, 'at', 'examples', 'held_out', 'steps'),
    loss_before: loss(record, 'loss_before'),
    loss_after: loss(record, 'loss_after'),
    C: optional(record, 'C'),
    cross_validated_loss: optional(record, 'cross_validated_loss'),
    cross_validated_accuracy: optional(record, 'cross_validated_accuracy'),
    accuracy_before: optional(record, 'accuracy_before'),
    accuracy_after: optional(record, 'accuracy_after'),
    candidates: record.get('candidates') === undefined ? [] : list(record, 'candidates').map(readCandidate),
    left_out:
      record.get('left_out') === undefined
        ? []
        : places(record, 'left_out', count(record, 'examples') + count(record, 'held_out')),
    phases: record.get('phases') === undefined ? [] : list(record, 'phases').map(readPhase),
    taken: record.boolean('taken', false),
    ...(record.boolean('undone', false) && { undone: true as const }),
  };
}

export function readPhase(value: unknown): LearnPhase {
  const phase = fieldsOf(value, 'phases');
  return {
    kind: nameIn(phase, 'kind', LEARN_KINDS),
    ...counts(phase, 'examples', 'held_out', 'steps'),
    loss_before: loss(phase, 'loss_before'),
    loss_after: loss(phase, 'loss_after'),
    accuracy_before: optional(phase, 'accuracy_before'),
    accuracy_after: optional(phase, 'accuracy_after'),
  };
}

function readCandidate(value: unknown): LearnCandidate {
  const candidate = fieldsOf(value, 'candidates');
  const name = nameIn<LearnCandidate['name']>(candidate, 'name', ['instant', 'contrast', 'labels', 'halfway']);
  const accuracy = optional(candidate, 'accuracy');
  return { name, loss: loss(candidate, 'loss'), accuracy, chosen: candidate.boolean('chosen', false) };
}

/** Reads a record's method: 'train' in records that were stored before other methods existed. */
export function readMethod(fields: Fields): LearnMethod {
  return fields.get('method') === undefined ? 'train' : nameIn(fields, 'method', LEARN_METHODS);
}

/** Reads one of these names. If there is another name, which a newer version must have added, the error has the detail `isNewer`. */
function nameIn<T extends string>(fields: Fields, key: string, names: readonly T[]): T {
  const given = fields.get(key);
  const name = names.find((known) => known === given);
  if (name !== undefined) return name;
  const { code, message } = fields.invalid(key, names.join(' or '));
  throw new WebVeraError(code, message, { detail: { isNewer: typeof given === 'string' } });
}

/** Reads a loss. Losses of preferences may be negative. */
function loss(fields: Fields, key: string): number {
  const value = fields.get(key);
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw fields.invalid(key, 'a finite number');
}

function figure(fields: Fields, key: string): number {
  const value = fields.get(key);
  if (typeof value === 'number' && value >= 0) return value;
  throw fields.invalid(key, 'a number from 0');
}

/** Reads a number that some methods don't have, and that older versions didn't store; null if it is missing. */
function optional(fields: Fields, key: string): number | null {
  return fields.get(key) === undefined ? null : figure(fields, key);
}
