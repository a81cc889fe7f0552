import { fieldsOf, isBytes } from './blob_store';

/** The metadata of a stored checkpoint. Each run also has a `head` record: a copy of its last checkpoint's metadata. */
export interface Label {
  readonly format: typeof FORMAT;
  /** Increases with every save under the same name. */
  readonly seq: number;
  /** The random id of the training. All runs that resume the training use the same id. */
  readonly training: string;
  /** The names of the adapters that train. */
  readonly adapters: readonly string[];
  /** The number of steps done; null in checkpoints stored before this field was introduced. */
  readonly step: number | null;
  /** Whether the run has reached its last step or was ended by early stopping, so that nothing is left to resume. */
  readonly ended: boolean;
  /** The time of the save, in milliseconds since 1970. */
  readonly saved_at: number;
}

/** A training run with one or two stored checkpoints. */
export interface KeptRun extends Pick<Label, 'adapters' | 'step' | 'ended' | 'saved_at'> {
  readonly name: string;
  /** The total size of the run's checkpoints in bytes. */
  readonly bytes: number;
}

/** The version of the stored format: increased when older code could misread the data. */
export const FORMAT = 2;
/** The latest time that a `Date` can hold, in milliseconds since 1970. */
const LAST_DATE = 8.64e15;

/** Reads a label. Undefined if the data is damaged or has another format. */
export function readLabel(value: unknown): Label | undefined {
  const { format, seq, training, adapters, step, ended, saved_at } = fieldsOf(value);
  const isKnown =
    format === FORMAT &&
    isSequence(seq) &&
    typeof training === 'string' &&
    Array.isArray(adapters) &&
    typeof saved_at === 'number';
  if (!isKnown) return undefined;
  return {
    format,
    seq,
    training,
    adapters: adapters.map(String),
    step: isSequence(step) ? step : null,
    ended: ended === true,
    saved_at: dateOf(saved_at),
  };
}

/**
 * Returns the sizes of a run's two checkpoints in bytes, from its head. Undefined if the head is missing or damaged, or was written by a
 * version that stored no sizes.
 */
export function readSizes(head: unknown): readonly number[] | undefined {
  const { sizes } = fieldsOf(head);
  const isKnown =
    readLabel(head) !== undefined && Array.isArray(sizes) && sizes.length === 2 && sizes.every(isSequence);
  return isKnown ? sizes : undefined;
}

/** Returns the sizes of a run's two checkpoints in bytes, from its stored values. */
export function sizesOf([head, ...slots]: readonly unknown[]): readonly number[] {
  return readSizes(head) ?? slots.map(fieldsOf).map(({ bytes }) => (isBytes(bytes) ? bytes.length : 0));
}

/**
 * Describes a run from its stored values: the head and, if the head has no sizes, the two checkpoints. Any value may be missing or damaged.
 * The date can be read even from a value in a later format.
 */
export function describeRun(name: string, values: readonly unknown[]): KeptRun {
  const fields = values.map(fieldsOf);
  const labels = values.flatMap((value) => readLabel(value) ?? []);
  const last = labels.sort((a, b) => b.seq - a.seq)[0];
  return {
    name,
    adapters: last?.adapters ?? [],
    step: last?.step ?? null,
    ended: last?.ended ?? false,
    saved_at: Math.max(...fields.map(({ saved_at }) => dateOf(saved_at))),
    bytes: sizesOf(values).reduce((sum, size) => sum + size, 0),
  };
}

/** Whether a value is a count of saves or steps. The limit leaves room to increment the number exactly. */
function isSequence(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 50;
}

/** Returns the date in milliseconds since 1970; 0 if the value is not a date. */
function dateOf(value: unknown): number {
  return typeof value === 'number' && Math.abs(value) <= LAST_DATE ? value : 0;
}
