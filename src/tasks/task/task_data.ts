import type { Warning } from '../../core/errors/warning';
import type { ImagePreview, Preview } from '../../core/types/preview';
import type { FileFormat, ResolvedTrainingArguments, SentExample } from '../../core/types/training';

/** A data set to be read: a file, or examples one after the other. */
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
  /** Called for each part of a file with its bytes, and for each example with 1. */
  readonly onRead?: ((count: number) => void) | undefined;
}

export interface CollectedRows<Row> {
  /** At least one. */
  readonly rows: readonly Row[];
  /** Warnings about examples that aren't learned, or not as a caller would expect. */
  readonly warnings: readonly Warning[];
}

export interface CollectOptions {
  readonly args: ResolvedTrainingArguments;
  /** Training cuts the end of an example that is too long. Evaluation of a language model splits the example instead. */
  readonly purpose: 'training' | 'evaluation';
  readonly signal: AbortSignal;
}

export interface PreviewArguments {
  readonly args: ResolvedTrainingArguments;
  readonly signal: AbortSignal;
}

/** How examples become rows. A `Row` is an example as numbers; other code only counts and orders rows. */
export interface TaskData<Row = unknown> {
  /**
   * Reads a data set to its end, once, and yields to other work now and then. Rejects with `invalid_argument` (naming the example or
   * line), `invalid_format` for broken files, `limit_exceeded` for more than memory should hold, and the reason of `signal`.
   */
  collect(source: RowSource, options: CollectOptions): Promise<CollectedRows<Row>>;
  /** An example as the network takes it in. Rejects as `collect` does. */
  preview(example: SentExample, where: string, options: PreviewArguments): Promise<Preview | ImagePreview>;
  /** An example in the form that profiles store: later runs learn the same from it, and none fails at it. Rejects as `collect` does. */
  kept(example: SentExample, where: string, signal: AbortSignal): Promise<SentExample>;
  /** The arrays of a row, which a run's fingerprint covers. The length of the first determines the lengths of the others. */
  columns(row: Row): readonly (Uint32Array | Int32Array | Uint8Array)[];
  /** Set if a run can continue in Python. */
  readonly exporter?: RowExporter<Row>;
}

/** How the rows of a run are written for transformers' Trainer. */
export interface RowExporter<Row = unknown> {
  /** Whether the loss in Python applies `label_smoothing_factor` as here. */
  readonly smoothsLabels: boolean;
  /** A row as an object of arrays. */
  exported(row: Row): object;
}
