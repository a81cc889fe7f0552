import { WebVeraError } from '../../../core/errors/error';
import { type Fields, isJsonObject } from '../../../core/input/fields';
import { exampleFields } from '../../../core/types/example';
import type { AdapterFiles, SaveDtype } from '../../../core/types/model';
import type { SentExample, TrainingArguments } from '../../../core/types/training';
import type { AnyAdapterConfigInit } from '../../adapters/page_kinds';
import type { DPOConfig, KTOConfig } from '../../training/preference_arguments';
import type { Numbered, NumberedExample } from '../examples/examples';
import { type Feedback, type FeedbackCounts, feedbackFields, noFeedback } from '../feedback/feedback';
import type { LearnRecord, ProfileInfo } from '../types';
import { readHistory } from './learn_record';
import { count, counts, fieldsOf, list, plain } from './record_fields';

/** A profile's vectors: the trained values of its adapter, as the adapter's two files. */
export interface Vectors {
  readonly config: string;
  readonly weights: Uint8Array<ArrayBuffer>;
}

export interface ProfileSettings {
  /** The fields of the adapter's configuration that were given when the profile was created. */
  readonly peft_config: AnyAdapterConfigInit;
  readonly args: TrainingArguments;
  readonly max_examples: number;
  readonly keep_examples: boolean;
  /** The data type in which later runs store the vectors. */
  readonly save_dtype: SaveDtype;
}

/** The stored state of a profile, without its examples and feedback. */
export interface ProfileState {
  /** A random id that distinguishes the profile from an earlier one with the same id. */
  readonly born: string;
  /** The base model's fingerprint. */
  readonly base: string;
  readonly base_model: string | null;
  /** A classifier's labels, in the order of its head; null for other models. */
  readonly labels: readonly string[] | null;
  /** transformers' problem type of a model with several labels per example or several numbers; null for other models. */
  readonly problem_type: string | null;
  readonly created_at: number;
  readonly used_at: number;
  /** Seed of the random sample of examples. */
  readonly seed: number;
  readonly seen: number;
  /** The number of stored examples. */
  readonly example_count: number;
  readonly example_bytes: number;
  readonly feedback: FeedbackCounts;
  /** Increases when the vectors change. */
  readonly version: number;
  readonly settings: ProfileSettings;
  readonly vectors: Vectors;
  /** Whether the head is untrained or was solved for. While no examples are held out, a newly solved head always replaces such a head. */
  readonly solved: boolean;
  /** The vectors from before the last `learn` that replaced them. */
  readonly previous: Vectors | null;
  /** As `solved`, for the head in `previous`. */
  readonly previous_solved: boolean;
  readonly history: readonly LearnRecord[];
}

/** The arguments of a run. */
export interface LearnArguments {
  readonly args: TrainingArguments;
  /** Arguments for preferences alone and for ratings alone, which override `args`. */
  readonly preferences: DPOConfig;
  readonly ratings: KTOConfig;
}

/** The version of the storage format, which increases when older code could misread newer data. */
const FORMAT = 1;
export const LONGEST_HISTORY = 100;

/** Returns the state with an outcome added to its history. */
export function withRecord(state: ProfileState, record: LearnRecord): ProfileState {
  return { ...state, history: [...state.history, record].slice(-LONGEST_HISTORY) };
}

/**
 * Returns the state after a rollback, except for the vectors: the last run whose vectors the profile took is marked as undone, and there
 * are no previous vectors.
 */
export function rolledBack(state: ProfileState): ProfileState {
  const last = state.history.findLastIndex(({ taken, undone }) => taken && undone !== true);
  const history = state.history.map((record, index) =>
    index === last ? { ...record, undone: true as const } : record,
  );
  return { ...state, history, solved: state.previous_solved, previous: null, previous_solved: false };
}

/** Whether files have replaced the profile between these two states of it: nothing else changes `created_at`. */
export function isReplaced(before: ProfileState, after: ProfileState): boolean {
  return before.created_at !== after.created_at;
}

/** The largest stored `seen`, and index below it: a profile adds to the largest count that files may have. */
const MOST_SEEN = Number.MAX_SAFE_INTEGER;

/** Returns a part of a profile as it is stored, with the version of the storage format. */
export function written(part: object): unknown {
  return { format: FORMAT, ...part };
}

/** Reads a stored state. Throws `storage_corrupt` if the value isn't a valid state. */
export function readState(id: string, value: unknown): ProfileState {
  return readPart(id, value, 'state', (state) => {
    return {
      born: state.string('born'),
      ...readBase(state),
      ...counts(state, 'created_at', 'used_at', 'seed', 'example_count', 'example_bytes', 'version'),
      seen: count(state, 'seen', MOST_SEEN),
      feedback: readFeedbackCounts(state),
      settings: readSettings(fieldsOf(state.get('settings'), 'settings')),
      vectors: readVectors(state, 'vectors'),
      ...solvedOf(state),
      previous: state.get('previous') === undefined ? null : readVectors(state, 'previous'),
      history: readHistory(state),
    };
  });
}

export function readExamples(id: string, value: unknown): NumberedExample[] {
  return readNumbered(id, value, { part: 'examples', read: exampleFields });
}

export function readFeedback(id: string, value: unknown): Numbered<Feedback>[] {
  return readNumbered(id, value, { part: 'feedback', read: feedbackFields });
}

interface NumberedPart<T extends SentExample> {
  readonly part: 'examples' | 'feedback';
  read(where: string, example: unknown): T;
}

function readNumbered<T extends SentExample>(
  id: string,
  value: unknown,
  { part, read }: NumberedPart<T>,
): Numbered<T>[] {
  if (value === undefined) return [];
  return readPart(id, value, part, (fields) =>
    list(fields, 'kept').map((entry, index) => {
      const one = fieldsOf(entry, `${part}[${index}]`);
      return { n: count(one, 'n', MOST_SEEN), example: read(`${part}[${index}]`, one.get('example')) };
    }),
  );
}

export function infoOf(id: string, state: ProfileState): ProfileInfo {
  const { example_count: examples, seen, created_at, used_at, base_model, history, previous } = state;
  const { ratings, preferences } = state.feedback;
  const bytes = bytesIn(state.vectors) + bytesIn(previous) + state.example_bytes + state.feedback.bytes;
  const can_roll_back = previous !== null;
  return { id, examples, seen, ratings, preferences, bytes, created_at, used_at, base_model, history, can_roll_back };
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

/** Reads the numbers of ratings and preferences; zeros for profiles that older versions stored without feedback. */
function readFeedbackCounts(state: Fields): FeedbackCounts {
  const stored = state.get('feedback');
  if (stored === undefined) return noFeedback;
  const feedback = fieldsOf(stored, 'feedback');
  return { ...counts(feedback, 'ratings', 'preferences', 'bytes'), seen: count(feedback, 'seen', MOST_SEEN) };
}

/**
 * Reads, for the current and the previous head, whether it was never trained in steps: it is new, or the solver of `fit_head` computed it.
 * Heads that an older version stored count as trained, so a newly solved head replaces them unless its predictions are worse.
 */
function solvedOf(state: Fields): Pick<ProfileState, 'solved' | 'previous_solved'> {
  return { solved: state.boolean('solved', false), previous_solved: state.boolean('previous_solved', false) };
}

export function readSettings(settings: Fields, limit: { readonly max?: number } = {}): ProfileSettings {
  return {
    peft_config: plain(settings, 'peft_config'),
    args: plain(settings, 'args'),
    max_examples: settings.positiveInteger('max_examples', limit),
    keep_examples: settings.boolean('keep_examples', true),
    save_dtype: readSaveDtype(settings),
  };
}

/** Reads the data type to store; 'float32' for profiles that older versions stored without it. */
function readSaveDtype(settings: Fields): SaveDtype {
  const dtype = settings.get('save_dtype') ?? 'float32';
  if (dtype === 'float32' || dtype === 'float16') return dtype;
  throw settings.invalid('save_dtype', 'float32 or float16');
}

/** Reads the facts by which a profile recognises its base model. */
export function readBase(fields: Fields): Pick<ProfileState, 'base' | 'base_model' | 'labels' | 'problem_type'> {
  return {
    base: fields.string('base'),
    base_model: fields.optionalString('base_model') ?? null,
    labels: readLabels(fields),
    problem_type: fields.optionalString('problem_type') ?? null,
  };
}

/** Reads the labels; null for a model without labels, and for profiles that older versions stored without them. */
function readLabels(fields: Fields): readonly string[] | null {
  const labels = fields.get('labels') ?? null;
  if (labels === null) return null;
  if (Array.isArray(labels) && labels.every((label) => typeof label === 'string')) return labels;
  throw fields.invalid('labels', 'a list of strings');
}

export function readVectors(state: Fields, key: string): Vectors {
  const { config, weights } = plain(state, key) as { config?: unknown; weights?: unknown };
  if (typeof config === 'string' && weights instanceof Uint8Array && weights.buffer instanceof ArrayBuffer) {
    return { config, weights: weights as Uint8Array<ArrayBuffer> };
  }
  throw state.invalid(key, "an adapter's two files");
}

function bytesIn(vectors: Vectors | null): number {
  return vectors === null ? 0 : vectors.config.length + vectors.weights.length;
}

/** The `detail` of errors that are solved by forgetting the profile. The embedded HTML tag then offers to forget it. */
export const SOLVED_BY_FORGETTING = { solved_by: 'forget' } as const;

/**
 * Reads a stored part of a profile. Errors of `read` are reported as `storage_corrupt`, because the library wrote the data itself: it is
 * damaged, or a newer version has written it.
 */
export function readPart<T>(id: string, value: unknown, part: string, read: (fields: Fields) => T): T {
  const isNewer = isJsonObject(value) && Number.isInteger(value.format) && Number(value.format) > FORMAT;
  if (isNewer) throw writtenLater(id);
  try {
    const fields = fieldsOf(value, part);
    if (fields.get('format') !== FORMAT) throw fields.invalid('format', `${FORMAT}`);
    return read(fields);
  } catch (error) {
    if (!(error instanceof WebVeraError)) throw error;
    if (error.detail.isNewer === true) throw writtenLater(id);
    throw new WebVeraError('storage_corrupt', `The stored profile '${id}' can't be read: ${error.message}`, {
      hint: 'Profile.forget(id) deletes it; then it can begin anew.',
      detail: SOLVED_BY_FORGETTING,
      cause: error,
    });
  }
}

function writtenLater(id: string): WebVeraError {
  const message = `The stored profile '${id}' can't be read: a newer version of webvera has written it`;
  return new WebVeraError('storage_corrupt', message, { hint: 'Reload the page: its site may have a new version.' });
}
