import { Breather } from '../../core/async/breather';
import { WebVeraError } from '../../core/errors/error';
import type { Warning } from '../../core/errors/warning';
import type { Preview } from '../../core/types/preview';
import type { GivenInputs } from '../../core/types/tensor';
import type { SentExample } from '../../core/types/training';
import type { Graph } from '../../graph/graph';
import type { Runner } from '../../graph/runner';
import { pinned, type Value } from '../../graph/value';
import { expectTexts } from '../given_inputs';
import { refused } from '../refused';
import type { Task } from '../task/task';
import type { BatchArguments, BatchShape } from '../task/task_batches';
import type { CollectedRows, CollectOptions, PreviewArguments, RowSource } from '../task/task_data';
import type { TaskKind } from '../task/task_kind';
import type { Loss, LossParts } from '../task/task_loss';
import type { Measured } from '../task/task_metrics';
import { type TokenInputs, TokenTask } from '../texts/token_task';
import { chunkRowsFor } from './chunk_rows';
import { batchOfInputs } from './given_batch';
import { rowCode } from './late_rows';
import { makeBatch, type TextBatch } from './text_batch';
import { exportedRow, type TokenRow } from './token_row';

interface CausalInputs extends TokenInputs {
  /** f32 (N): the loss weight of each entry of `rows`. Set for batches with weights. */
  readonly weights?: Value;
}

/** Predicts the next token, as `AutoModelForCausalLM` does. */
export class CausalLm extends TokenTask<TextBatch> implements Task<TokenRow, TextBatch, CausalInputs> {
  readonly metricNames = ['eval_loss', 'perplexity'];
  readonly lowerIsBetter = ['eval_loss', 'perplexity'];

  async collect(
    source: RowSource,
    { args, purpose, isWeighted = false, signal }: CollectOptions,
  ): Promise<CollectedRows<TokenRow>> {
    if (args.classWeights !== null) throw refused('classWeights', 'a language model has no classes');
    if (args.objective === 'contrast') throw refused('objective', 'a language model has no classes to contrast');
    const maxLength = this.rowLength(args);
    const { collectRows } = await rowCode();
    const { rows, leftOut, uncertain } = await collectRows(source, {
      tokenizer: this.tokenizer,
      vocabSize: this.text.vocabSize,
      completionOnly: args.completion_only_loss,
      maxLength,
      packing: args.packing,
      overflow: purpose === 'training' ? 'truncate' : 'split',
      isWeighted: purpose === 'training' || isWeighted,
      signal,
    });
    const what = args.packing ? 'rows' : 'examples';
    const within = args.packing ? 'them' : `their first ${maxLength} tokens`;
    const message =
      `${leftOut} of ${rows.length + leftOut} ${what} are left out, as there is nothing to predict in ${within}: ` +
      'a prompt fills them, or they are a single token. Is max_length too small?';
    // An evaluation splits long texts, so most rows without a label are parts of prompts and ends of texts.
    const warnings: Warning[] = leftOut === 0 || purpose === 'evaluation' ? [] : [{ code: 'left_out', message }];
    if (uncertain > 0) warnings.push({ code: 'turns_left_out', message: turnsLeftOut(uncertain) });
    return { rows, warnings };
  }

  async preview(example: SentExample, where: string, { args, signal }: PreviewArguments): Promise<Preview> {
    const { previewOfExample } = await rowCode();
    return previewOfExample(example, where, {
      breather: new Breather(signal),
      tokenizer: this.tokenizer,
      vocabSize: this.text.vocabSize,
      completionOnly: args.completion_only_loss,
      maxLength: this.rowLength(args),
    });
  }

  async kept(example: SentExample, where: string): Promise<SentExample> {
    const { rowOfExample } = await rowCode();
    await rowOfExample(example, where, {
      breather: new Breather(),
      most: this.text.maxLength,
      tokenizer: this.tokenizer,
      vocabSize: this.text.vocabSize,
      // This call only checks the example. The training runs decide later whether only completions are learned.
      completionOnly: false,
    });
    return example;
  }

  columns({ input_ids, labels, attention_mask, weight = 1 }: TokenRow) {
    const weights = weight === 1 ? [] : [new Uint32Array(Float32Array.of(weight).buffer)];
    return [input_ids, labels, attention_mask, ...weights];
  }

  exported(row: TokenRow): object {
    const { weight = 1 } = row;
    if (weight === 1) return exportedRow(row);
    throw new WebVeraError('invalid_argument', `export_run: expected examples without a weight, got one of ${weight}`, {
      hint: "transformers' loss of language models has no weights of examples.",
    });
  }

  isUneven({ weight = 1 }: TokenRow): boolean {
    return weight !== 1;
  }

  batch(rows: readonly TokenRow[], args: BatchArguments): TextBatch {
    return makeBatch(rows, this.rowLength(args), this.text);
  }

  override inputs(shape: BatchShape): CausalInputs {
    const inputs = super.inputs(shape);
    if (shape.isWeighted !== true) return inputs;
    return { ...inputs, weights: pinned('weights of labels', [shape.B * shape.T]) };
  }

  override write(runner: Runner, inputs: CausalInputs, batch: TextBatch): void {
    super.write(runner, inputs, batch);
    if (inputs.weights && batch.weights) runner.write(inputs.weights, batch.weights);
  }

  loss(g: Graph, parts: LossParts<CausalInputs>): Loss {
    const { B, T } = parts.shape;
    const chunkRows = chunkRowsFor(B * T, this.text.vocabSize);
    const { rows: positions, weights } = parts.inputs;
    return { losses: this.crossEntropy(g, parts, { chunkRows, weights }).losses, chunkRows, positions };
  }

  metrics({ loss, labelled }: Measured) {
    return { eval_loss: loss, perplexity: Math.exp(loss), eval_tokens: labelled };
  }

  given(inputs: GivenInputs): TextBatch {
    return batchOfInputs(expectTexts(inputs), this.text);
  }
}

export const CAUSAL_LM: TaskKind<'causal_lm'> = {
  facts: {
    name: 'causal_lm',
    autoClass: 'AutoModelForCausalLM',
    classEndings: ['ForCausalLM', 'LMHeadModel'],
    inputs: 'texts',
    labels: 'of tokens',
    hasNamedLabels: false,
    generates: true,
    trainsHead: {},
  },
  head: ({ heads }) => heads.causal_lm,
  create: (model, { tokenizer }) => new CausalLm(model, tokenizer),
  lateCode: [rowCode],
};

function turnsLeftOut(count: number): string {
  return `${count} of the assistant's turns are not learnt: the chat template writes them in another way once others follow`;
}
