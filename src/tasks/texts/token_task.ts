import type { GivenInputs, IdTensor, Tensor } from '../../core/types/tensor';
import type { Graph } from '../../graph/graph';
import type { Runner } from '../../graph/runner';
import { pinned, type Value } from '../../graph/value';
import { type Head, type TextSizes, textSizes } from '../../models/architecture';
import { crossEntropy } from '../../ops/losses/cross_entropy';
import type { RowLosses, RowLossInputs } from '../../ops/losses/row_losses';
import type { TextTokenizer } from '../../tokenizer/tokenizer';
import { expectTexts } from '../given_inputs';
import type { Batch, BatchArguments, BatchShape } from '../task/task_batches';
import type { TaskModel } from '../task/task_kind';
import type { LogitsParts, LossParts } from '../task/task_loss';
import { type TextArrays, type TextInputs, textInputs, writeTexts } from './text_inputs';

/** The positions of a batch that have a label. N = B·T. */
export interface LabelledTokens {
  /** (N): the flat positions b·T + t that have a label, in ascending order, then zeros. */
  readonly rows: Uint32Array<ArrayBuffer>;
  /** (N): the label of each of `rows`, then zeros. */
  readonly targets: Uint32Array<ArrayBuffer>;
  /** The number of `rows` before the zeros. */
  readonly labelled: number;
}

/** The input values of a task that predicts at each token. N = B·T. */
export interface TokenInputs extends TextInputs {
  /** u32 (N): the flat positions that have a label, then zeros. */
  readonly rows: Value;
  /** u32 (N): the label of each of `rows`. */
  readonly targets: Value;
}

type TokenLossOptions = Pick<RowLossInputs, 'chunkRows' | 'hasGradient'> & {
  /** f32 (N): the loss weight of each entry of `rows`. Default: 1. */
  readonly weights?: Value | undefined;
};

/** The head, loss and inputs of all tasks that predict a token or a label at each token of a text. */
export abstract class TokenTask<B extends Batch & TextArrays & LabelledTokens> {
  readonly text: TextSizes;
  protected readonly head: Head;
  protected readonly tokenizer: TextTokenizer | undefined;

  /** Throws `unsupported_model` for a network that doesn't read texts. */
  constructor(model: Omit<TaskModel, 'image'>, tokenizer?: TextTokenizer | undefined) {
    this.text = textSizes(model);
    this.head = model.head;
    this.tokenizer = tokenizer;
  }

  tokensOf({ attention_mask }: { readonly attention_mask: Uint8Array }): number {
    return attention_mask.reduce((count, document) => count + Number(document !== 0), 0);
  }

  fullShape(args: BatchArguments): BatchShape {
    return { B: args.per_device_train_batch_size, T: this.rowLength(args) };
  }

  inputs(shape: BatchShape): TokenInputs {
    const flat = (name: string): Value => pinned(name, [shape.B * shape.T], 'u32');
    return { ...textInputs(shape, this.text), rows: flat('label rows'), targets: flat('labels') };
  }

  write(runner: Runner, inputs: TokenInputs, batch: B): void {
    writeTexts(runner, inputs, batch, this.text);
    runner.write(inputs.rows, batch.rows);
    runner.write(inputs.targets, batch.targets);
  }

  /** (N, outputs) */
  logits(g: Graph, { hidden, layers }: LogitsParts<TokenInputs>): Value {
    return this.head.logits(g, layers, hidden);
  }

  /** (B, T, outputs) */
  logitsOf(data: Float32Array, inputs: GivenInputs, { T }: B): Tensor {
    return unpaddedLogits(data, expectTexts(inputs).input_ids, T, this.head.outputs);
  }

  protected crossEntropy(g: Graph, parts: LossParts<TokenInputs>, options: TokenLossOptions): RowLosses {
    const { hidden, layers, inputs, block, into, smoothing } = parts;
    const project = (rows: Value): Value => this.head.logits(g, layers, rows);
    const { rows, targets } = inputs;
    const { outputs } = this.head;
    return crossEntropy(g, { hidden, project, outputs, rows, targets, block, into, smoothing, ...options });
  }

  /** The largest number of tokens per row. */
  protected rowLength({ max_length }: BatchArguments): number {
    return Math.min(max_length, this.text.maxLength);
  }
}

/** Removes the padding's logits from those of a padded batch: (B·T, V) becomes (B, length, V). */
function unpaddedLogits(data: Float32Array, { dims: [B, length] }: IdTensor, T: number, V: number): Tensor {
  const dims = [B, length, V];
  if (length === T) return { dims, data: data.slice(0, B * T * V) };
  const cut = new Float32Array(B * length * V);
  for (let row = 0; row < B; row++) {
    cut.set(data.subarray(row * T * V, (row * T + length) * V), row * length * V);
  }
  return { dims, data: cut };
}
