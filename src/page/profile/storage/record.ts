import { WebVeraError } from '../../../core/errors/error';
import { Fields, isJsonObject } from '../../../core/input/fields';
import { exampleFields } from '../../../core/types/example';
import type { AdapterFiles } from '../../../core/types/model';
import type { SentExample, TrainingArguments } from '../../../core/types/training';
import type { AnyAdapterConfigInit } from '../../adapters/page_kinds';
import type { NumberedExample } from '../examples/examples';
import { LEARN_METHODS, type LearnCandidate, type LearnMethod, type LearnRecord, type ProfileInfo } from '../types';

/** An adapter's two files. */
export interface Vectors {
  readonly config: string;
  readonly weights: Uint8Array<ArrayBuffer>;
}

export interface ProfileSettings {
  /** As given when the profile was created. */
  readonly peft_config: AnyAdapterConfigInit;
  readonly args: TrainingArguments;
  readonly max_examples: number;
  readonly keep_examples: boolean;
}

/** A profile without its examples. */
export interface ProfileState {
  /** A random id that distinguishes it from an earlier profile with the same id. */
  readonly born: string;
  /** The base model's fingerprint. */
  readonly base: string;
  readonly base_model: string | null;
  /** A classifier's labels, in the order of its head; null for other models. */
  readonly labels: readonly string[] | null;
  /** Set for a classifier of several labels per example or of several numbers; null for other models. */
  readonly problem_type: string | null;
  readonly created_at: number;
  readonly used_at: number;
  /** Seed of the random sample of examples. */
  readonly seed: number;
  readonly seen: number;
  /** The number of stored examples. */
  readonly example_count: number;
  readonly example_bytes: number;
  /** Increases when the vectors change. */
  readonly version: number;
  readonly settings: ProfileSettings;
  readonly vectors: Vectors;
  /** The vectors from before the last `learn` that replaced them. */
  readonly previous: Vectors | null;
  readonly history: readonly LearnRecord[];
}

/** An unfinished run: everything it needs to resume in another page. */
export interface Unfinished {
  /** The version of the vectors that it started from. */
  readonly version: number;
  readonly method: LearnMethod;
  readonly args: TrainingArguments;
  readonly when: 'now' | 'idle';
  readonly learnt: readonly SentExample[];
  readonly held: readonly SentExample[];
  /** The loss before training; null until it was measured. */
  readonly loss_before: number | null;
}

/** Increased when older code could misread the stored data. */
const FORMAT = 1;
export const LONGEST_HISTORY = 100;

/** Adds an outcome to the history. */
export function withRecord(state: ProfileState, record: LearnRecord): ProfileState {
  return { ...state, history: [...state.history, record].slice(-LONGEST_HISTORY) };
}

/** A part of a profile as it is stored. */
export function written(part: object): unknown {
  return { format: FORMAT, ...part };
}

/** Throws `storage_corrupt` if the value isn't a written state. */
export function readState(id: string, value: unknown): ProfileState {
  return intact(id, () => {
    const state = formatted(value, 'state');
    const settings = fieldsOf(state.get('settings'), 'settings');
    return {
      born: state.string('born'),
      base: state.string('base'),
      base_model: state.optionalString('base_model') ?? null,
      labels: readLabels(state),
      problem_type: state.optionalString('problem_type') ?? null,
      ...counts(state, 'created_at', 'used_at', 'seed', 'seen', 'example_count', 'example_bytes', 'version'),
      settings: {
        peft_config: plain(settings, 'peft_config'),
        args: plain(settings, 'args'),
        max_examples: settings.positiveInteger('max_examples'),
        keep_examples: settings.boolean('keep_examples', true),
      },
      vectors: readVectors(state, 'vectors'),
      previous: state.get('previous') === undefined ? null : readVectors(state, 'previous'),
      history: list(state, 'history').map(readRecord),
    };
  });
}

export function readExamples(id: string, value: unknown): NumberedExample[] {
  if (value === undefined) return [];
  return intact(id, () =>
    list(formatted(value, 'examples'), 'kept').map((entry, index) => {
      const one = fieldsOf(entry, `examples[${index}]`);
      return { n: count(one, 'n'), example: exampleFields(`examples[${index}]`, one.get('example')) };
    }),
  );
}

export function readUnfinished(id: string, value: unknown): Unfinished | undefined {
  if (value === null || value === undefined) return undefined;
  return intact(id, () => {
    const unfinished = formatted(value, 'unfinished');
    const examples = (key: string): SentExample[] =>
      list(unfinished, key).map((one, index) => exampleFields(`${key}[${index}]`, one));
    const before = unfinished.get('loss_before');
    return {
      version: count(unfinished, 'version'),
      method: readMethod(unfinished),
      args: plain(unfinished, 'args'),
      when: unfinished.get('when') === 'idle' ? 'idle' : 'now',
      learnt: examples('learnt'),
      held: examples('held'),
      loss_before: typeof before === 'number' ? before : null,
    };
  });
}

export function infoOf(id: string, state: ProfileState): ProfileInfo {
  const { example_count: examples, seen, created_at, used_at, base_model, history, previous, example_bytes } = state;
  const bytes = bytesIn(state.vectors) + bytesIn(previous) + example_bytes;
  return { id, examples, seen, bytes, created_at, used_at, base_model, history, can_roll_back: previous !== null };
}

export async function vectorsOf(files: AdapterFiles): Promise<Vectors> {
  return {
    config: await files['adapter_config.json'].text(),
    weights: new Uint8Array(await files['adapter_model.safetensors'].arrayBuffer()),
  };
}

export function filesOf({ config, weights }: Vectors): AdapterFiles {
  return { 'adapter_config.json': new Blob([config]), 'adapter_model.safetensors': new Blob([weights]) };
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
    taken: record.boolean('taken', false),
  };
}

function readCandidate(value: unknown): LearnCandidate {
  const candidate = fieldsOf(value, 'candidates');
  const names: readonly LearnCandidate['name'][] = ['instant', 'contrast', 'labels', 'halfway'];
  const name = names.find((known) => known === candidate.get('name'));
  if (name === undefined) throw candidate.invalid('name', names.join(' or '));
  return { name, loss: loss(candidate, 'loss'), chosen: candidate.boolean('chosen', false) };
}

/** 'train' in what was stored before there were other methods. */
function readMethod(fields: Fields): LearnMethod {
  const method = fields.get('method') ?? 'train';
  const known = LEARN_METHODS.find((name) => name === method);
  if (known !== undefined) return known;
  throw fields.invalid('method', LEARN_METHODS.join(' or '));
}

/** Null for a model without labels, and in profiles that were stored before labels existed. */
export function readLabels(fields: Fields): readonly string[] | null {
  const labels = fields.get('labels') ?? null;
  if (labels === null) return null;
  if (Array.isArray(labels) && labels.every((label) => typeof label === 'string')) return labels;
  throw fields.invalid('labels', 'a list of strings');
}

/** Far below the numbers whose successor isn't representable. */
const LARGEST_COUNT = 2 ** 50;

export function count(fields: Fields, key: string): number {
  const value = fields.get(key);
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LARGEST_COUNT) return value as number;
  throw fields.invalid(key, `an integer from 0 to ${LARGEST_COUNT}`);
}

function counts<Key extends string>(fields: Fields, ...keys: readonly Key[]): Record<Key, number> {
  return Object.fromEntries(keys.map((key) => [key, count(fields, key)])) as Record<Key, number>;
}

function loss(fields: Fields, key: string): number {
  const value = fields.get(key);
  if (typeof value === 'number' && value >= 0) return value;
  throw fields.invalid(key, 'a number from 0');
}

/** Null for a figure that its method doesn't have, and in records of older versions. */
function optional(fields: Fields, key: string): number | null {
  return fields.get(key) === undefined ? null : loss(fields, key);
}

export function list(fields: Fields, key: string): readonly unknown[] {
  const value = fields.get(key);
  if (Array.isArray(value)) return value;
  throw fields.invalid(key, 'a list');
}

export function plain(fields: Fields, key: string): Readonly<Record<string, never>> {
  const value = fields.get(key);
  if (isJsonObject(value)) return value as Readonly<Record<string, never>>;
  throw fields.invalid(key, 'an object');
}

export function fieldsOf(value: unknown, where: string): Fields {
  if (isJsonObject(value)) return new Fields(value, where);
  throw new WebVeraError('invalid_format', `${where}: expected an object`);
}

function formatted(value: unknown, where: string): Fields {
  const fields = fieldsOf(value, where);
  if (fields.get('format') === FORMAT) return fields;
  throw fields.invalid('format', `${FORMAT}`);
}

function readVectors(state: Fields, key: string): Vectors {
  const { config, weights } = plain(state, key) as { config?: unknown; weights?: unknown };
  if (typeof config === 'string' && weights instanceof Uint8Array && weights.buffer instanceof ArrayBuffer) {
    return { config, weights: weights as Uint8Array<ArrayBuffer> };
  }
  throw state.invalid(key, "an adapter's two files");
}

function bytesIn(vectors: Vectors | null): number {
  return vectors === null ? 0 : vectors.config.length + vectors.weights.length;
}

/** Reports stored data that can't be read as `storage_corrupt`, because the library wrote it itself. */
function intact<T>(id: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof WebVeraError)) throw error;
    throw new WebVeraError('storage_corrupt', `The stored profile '${id}' can't be read: ${error.message}`, {
      hint: 'Profile.forget(id) deletes it; then it can begin anew.',
      cause: error,
    });
  }
}
