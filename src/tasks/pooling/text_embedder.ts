import { WebVeraError } from '../../core/errors/error';
import type { Pooling } from '../../core/pooling/pooling';
import type { SentenceSettings } from '../../core/pooling/sentences';
import type { SentExample } from '../../core/types/training';
import type { Graph } from '../../graph/graph';
import type { Runner } from '../../graph/runner';
import type { Value } from '../../graph/value';
import type { TextSizes } from '../../models/architecture';
import type { TextTokenizer } from '../../tokenizer/tokenizer';
import type { Embedder, EmbedRowOptions } from '../task/embedder';
import type { Batch, BatchArguments, BatchShape } from '../task/task_batches';
import type { LogitsParts } from '../task/task_loss';
import { encodedText } from '../texts/encoded_text';
import { type PaddedTokens, paddedTokens } from '../texts/padded_tokens';
import { type TextInputs, textInputs, writeTexts } from '../texts/text_inputs';
import { type TextTokens, tokensOfIds } from '../texts/text_tokens';
import { writtenText, writtenTexts } from '../texts/written_text';
import { type PooledInputs, pooled, weightsInput } from './pooled';
import { pooledLength } from './pooled_length';
import { poolingWeights } from './pooling_weights';

type EmbeddedTexts = Batch & PaddedTokens;

type EmbeddedTextInputs = TextInputs & PooledInputs;

interface TextEmbedderInit {
  readonly text: TextSizes;
  readonly tokenizer: TextTokenizer | undefined;
  readonly sentences: SentenceSettings;
  readonly pooling: Pooling;
}

const FORMS = 'An input is a text, { text, text_pair }, or { input_ids, attention_mask?, token_type_ids? }.';

/** Makes vectors of texts as sentence-transformers does. */
export class TextEmbedder implements Embedder<TextTokens, EmbeddedTexts, EmbeddedTextInputs> {
  readonly maxLength: number;
  readonly #init: TextEmbedderInit;
  readonly #skipped: number;

  constructor(init: TextEmbedderInit) {
    const { sentences } = init;
    this.#init = init;
    this.maxLength = pooledLength(sentences.maxLength, init);
    this.#skipped = sentences.includesPrompt ? 0 : promptTokens(init);
  }

  row(example: SentExample, where: string, { onCut }: EmbedRowOptions): TextTokens {
    const { tokenizer, text, sentences } = this.#init;
    const options = { text, maxLength: this.maxLength, forms: FORMS, onCut };
    if ('input_ids' in example) return expectTokens(tokensOfIds(example, where, options), where);
    if (!('text' in example)) throw invalid(where, 'a text');
    if (tokenizer === undefined) throw invalid(where, '{ input_ids }, because the model has no tokenizer');
    return encodedText(writtenTexts(example, sentences), where, { ...options, tokenizer });
  }

  tokensOf({ input_ids }: TextTokens): number {
    return input_ids.length;
  }

  batch(rows: readonly TextTokens[], args: BatchArguments): EmbeddedTexts {
    return { ...paddedTokens(rows, this.#rowLength(args), this.#init.text), labelled: 0 };
  }

  fullShape(args: BatchArguments): BatchShape {
    return { B: args.per_device_train_batch_size, T: this.#rowLength(args) };
  }

  inputs(shape: BatchShape): EmbeddedTextInputs {
    const { text, pooling } = this.#init;
    return { ...textInputs(shape, text), pooling: weightsInput(shape, pooling) };
  }

  write(runner: Runner, inputs: EmbeddedTextInputs, batch: EmbeddedTexts): void {
    const { text, pooling } = this.#init;
    writeTexts(runner, inputs, batch, text);
    runner.write(inputs.pooling, poolingWeights(batch, pooling.modes, this.#skipped));
  }

  logits(g: Graph, parts: LogitsParts<EmbeddedTextInputs>): Value {
    return pooled(g, parts, this.#init.pooling);
  }

  #rowLength({ max_length }: BatchArguments): number {
    return Math.min(max_length, this.#init.text.maxLength);
  }
}

/** Returns the number of prompt tokens that pooling skips: all except a special token at the prompt's end. */
function promptTokens({ tokenizer, text, sentences }: TextEmbedderInit): number {
  if (tokenizer === undefined || sentences.prompt === '') return 0;
  const { maxLength } = text;
  const { input_ids } = tokenizer.encodePair(writtenText('', sentences), undefined, { maxLength });
  return input_ids.length - Math.min(1, tokenizer.specialTokens.after.length);
}

/** Throws `invalid_argument` for a row that is only padding. */
function expectTokens(row: TextTokens, where: string): TextTokens {
  if (row.attention_mask.some((bit) => bit !== 0)) return row;
  throw invalid(where, 'at least one token whose attention_mask is 1');
}

function invalid(where: string, expected: string): WebVeraError {
  return new WebVeraError('invalid_argument', `${where}: expected ${expected}`, { hint: FORMS });
}
