/** What is stored of a checkpoint beside its bytes, and once more as the head: that of the last. */
export interface Label {
  readonly format: typeof FORMAT;
  /** Rises with every save under a name. */
  readonly seq: number;
  /** Whose it is: one training from its start, however often it was resumed. */
  readonly training: string;
  /** The names of the adapters that train. */
  readonly adapters: readonly string[];
  /** How many steps the run had done; null in what was stored before this was kept. */
  readonly step: number | null;
  /** Whether that was all that it was to do. */
  readonly ended: boolean;
  /** Milliseconds since 1970. */
  readonly saved_at: number;
}

/** What is kept of a run: one or two checkpoints. */
export interface KeptRun extends Pick<Label, 'adapters' | 'step' | 'ended' | 'saved_at'> {
  readonly name: string;
  /** Of all its checkpoints. */
  readonly bytes: number;
}

/** Bumped when older code could misread what is stored. */
export const FORMAT = 2;
/** Milliseconds that a Date reaches from 1970. */
const LAST_DATE = 8.64e15;

/** Undefined where it isn't as it was written. */
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

/** `parts`: the head and both slots, of which any may be missing or damaged. What a later version stored has its date. */
export function describeRun(name: string, parts: readonly unknown[]): KeptRun {
  const fields = parts.map(fieldsOf);
  const labels = parts.flatMap((part) => readLabel(part) ?? []);
  const last = labels.sort((a, b) => b.seq - a.seq)[0];
  return {
    name,
    adapters: last?.adapters ?? [],
    step: last?.step ?? null,
    ended: last?.ended ?? false,
    saved_at: Math.max(...fields.map(({ saved_at }) => dateOf(saved_at))),
    bytes: fields.reduce((sum, { bytes }) => sum + (isBytes(bytes) ? bytes.length : 0), 0),
  };
}

export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return (value ?? {}) as Record<string, unknown>;
}

export function isBytes(value: unknown): value is Uint8Array<ArrayBuffer> {
  return value instanceof Uint8Array && value.buffer instanceof ArrayBuffer;
}

/** Far from where the next one would be the same number. */
function isSequence(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 50;
}

/** 0 for what is none. */
function dateOf(value: unknown): number {
  return typeof value === 'number' && Math.abs(value) <= LAST_DATE ? value : 0;
}
