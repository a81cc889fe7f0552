import type { Warning } from '../../core/errors/warning';
import type { ImagePreview, Preview } from '../../core/types/preview';
import type { FileFormat, ResolvedTrainingArguments, SentExample } from '../../core/types/training';

/** A data set to be read: a file, or a sequence of examples. */
export type RowSource = ReadObserver &
  (
    | { readonly kind: 'blob'; readonly blob: Blob; readonly format: FileFormat }
    | {
        readonly kind: 'examples';
        readonly examples: AsyncIterable<unknown> | Iterable<unknown>;
        /** The number of examples, if it is known before they are read. */
        readonly length?: number | undefined;
      }
  );

interface ReadObserver {
  /** Called with the number of bytes of each part of a file, and with 1 for each example. */
  readonly onRead?: ((count: number) => void) | undefined;
}

export interface CollectedRows<Row> {
  /** The encoded examples: at least one row. */
  readonly rows: readonly Row[];
  /** Warnings, for instance about examples that are left out or truncated. */
  readonly warnings: readonly Warning[];
}

export interface CollectOptions {
  readonly args: ResolvedTrainingArguments;
  /** Training truncates an example that is too long. Evaluation of a language model splits the example instead. */
  readonly purpose: 'training' | 'evaluation';
  /** Whether evaluation rows have the weights of their examples and classes. Training rows always have them. Default: false. */
  readonly isWeighted?: boolean | undefined;
  readonly signal: AbortSignal;
}

export interface PreviewArguments {
  readonly args: ResolvedTrainingArguments;
  readonly signal: AbortSignal;
}

type RowArrays = readonly (Uint32Array | Int32Array | Uint8Array)[];

/** Turns examples into rows. A `Row` is an encoded example, such as token ids; code outside the task only counts and orders rows. */
export interface TaskData<Row = unknown> {
  /**
   * Reads a whole data set once, and regularly yields to the event loop. Rejects with `invalid_argument` (naming the example or line),
   * `invalid_format` for broken files, `limit_exceeded` for a data set that is too large for memory, and the reason of `signal`.
   */
  collect(source: RowSource, options: CollectOptions): Promise<CollectedRows<Row>>;
  /** Returns an example as the network receives it. Rejects as `collect` does. */
  preview(example: SentExample, where: string, options: PreviewArguments): Promise<Preview | ImagePreview>;
  /**
   * Checks an example and converts it to the form that profiles store. Later runs accept the stored example and learn the same from it as
   * from the original. Rejects with the errors of `collect`.
   */
  kept(example: SentExample, where: string, signal: AbortSignal): Promise<SentExample>;
  /** Returns the arrays that identify a row. The first one has the row's length, which determines the lengths of the others. */
  columns(row: Row): RowArrays;
  /** Returns the arrays of a row that are hashed for a run's fingerprint. Default: `columns`. */
  fingerprint?(row: Row): RowArrays;
  /** Returns a row as an object with arrays, for transformers' Trainer. Set if a run can continue in Python. */
  exported?(row: Row): object;
}
