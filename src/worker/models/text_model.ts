import { keyHolds, type Overlay } from '../../adapters/overlay';
import { bucketLength } from '../../core/bucket';
import { WebVeraError } from '../../core/error';
import type { BatchToken, ResolvedGenerationConfig } from '../../core/generation';
import type { IdTensor, Tensor } from '../../core/tensor';
import { Generator } from '../../generate/generator';
import { ProgramCache } from '../../graph/program_cache';
import type { Runner } from '../../graph/runner';
import { pinned, type Value } from '../../graph/value';
import type { LoadedModel } from '../../models/loaded_model';
import { tensorsUnder, untied } from '../../models/untied';
import { StreamDecoder } from '../../tokenizer/stream_decoder';
import type { TextTokenizer } from '../../tokenizer/tokenizer';
import { labelledRows } from '../../train/batches';
import { LossMeter } from '../../train/evaluate';
import { type MicroBatch, writeBatch } from '../../train/micro_batch';
import { logitsProgram } from '../../train/text_program';
import { IGNORED } from '../../train/token_row';
import type { ForwardResult, Prompt, WireInputs } from '../protocol';
import { Jobs } from '../rpc/jobs';
import { readFloats, specOf, toFileOrder } from './tensors';

/** What a model that shares tensors with another has of its own. */
interface Derived {
  readonly from: TextModel;
  readonly owned: readonly Value[];
}

/** A base model on the device with the programs that run it, alone or with what lies over it. */
export class TextModel {
  /** The model whose tensors this one shares: itself, unless it was derived. */
  readonly root: TextModel;
  readonly loaded: LoadedModel;
  readonly tokenizer: TextTokenizer | undefined;
  readonly programs: ProgramCache;
  readonly losses: LossMeter;
  readonly generator: Generator;
  /** Whoever uses the model does it in a job. */
  readonly jobs: Jobs;
  readonly runner: Runner;

  readonly #owned: readonly Value[];

  constructor(runner: Runner, loaded: LoadedModel, tokenizer: TextTokenizer | undefined, derived?: Derived) {
    this.root = derived?.from.root ?? this;
    this.#owned = derived?.owned ?? [...loaded.weights.values(), ...loaded.constants.values()];
    this.runner = runner;
    this.jobs = new Jobs(runner.failure);
    this.loaded = loaded;
    this.tokenizer = tokenizer;
    this.programs = new ProgramCache(runner);
    this.losses = new LossMeter(runner, this.programs, loaded);
    this.generator = new Generator(runner, loaded);
  }

  /** One evaluation pass: logits (B,T,V), and the loss when there are labels. */
  async forward(inputs: WireInputs, overlay: Overlay): Promise<ForwardResult> {
    const batch = { ...this.#batch(inputs), which: overlay.rows?.which };
    const bytes = await this.programs.use(
      `logits ${overlay.key} ${batch.B}x${batch.T}`,
      () => logitsProgram(this.loaded, overlay, batch),
      ({ built, loaded }) => {
        writeBatch(this.runner, built.inputs, batch, this.loaded.model.positions);
        this.runner.run(loaded);
        return this.runner.read(built.logits);
      },
    );
    const logits = this.#unpad(new Float32Array(bytes), inputs.input_ids, batch.T);
    if (inputs.labels === undefined) return { logits };
    const { loss } = await this.losses.mean([batch], overlay);
    return { logits, loss };
  }

  /** Continues prompts together; tells each token as it comes, and gives the new texts, '' without a tokenizer. */
  async generate(
    prompts: readonly Prompt[],
    config: ResolvedGenerationConfig,
    overlay: Overlay,
    onToken: (token: BatchToken) => void,
    signal: AbortSignal,
  ): Promise<string[]> {
    const ids = prompts.map((prompt) => (typeof prompt === 'string' ? this.#encode(prompt) : prompt));
    for (const row of ids) this.#checkIds(row, 'generate');
    const texts = ids.map((row) => ({ decoder: this.tokenizer && new StreamDecoder(this.tokenizer, row), text: '' }));
    for await (const { row, id, last } of this.generator.generate({ prompts: ids, config, overlay, signal })) {
      const own = texts[row];
      // The last token also gives what the decoder held back.
      const text = own?.decoder === undefined ? '' : own.decoder.push(id) + (last ? own.decoder.finish() : '');
      if (own !== undefined) own.text += text;
      onToken({ row, token_id: id, text });
    }
    return texts.map(({ text }) => text);
  }

  #encode(prompt: string): number[] {
    if (this.tokenizer !== undefined) return this.tokenizer.encode(prompt);
    throw new WebVeraError('invalid_argument', 'generate: expected token ids, because the model has no tokenizer', {
      hint: 'Load the model from a source that holds tokenizer.json.',
    });
  }

  /** Tensors by the checkpoint's names and in its shapes, as float32; all of them when `names` is undefined. */
  async stateDict(names: readonly string[] | undefined, { tensors: over }: Overlay): Promise<Map<string, Tensor>> {
    const values = tensorsUnder(this.loaded, over);
    const wanted = names ?? [...values.keys()];
    const unknown = wanted.find((name) => !values.has(name));
    if (unknown !== undefined) {
      throw new WebVeraError('invalid_argument', `state_dict: expected a tensor of the model, got ${unknown}`);
    }
    const tensors = new Map<string, Tensor>();
    for (const name of wanted) {
      const value = values.get(name);
      if (value === undefined) continue;
      const data = await readFloats(this.runner, value);
      tensors.set(name, toFileOrder(specOf(this.loaded.model, name), { dims: value.shape, data }));
    }
    return tensors;
  }

  /** Copies of values in memory of their own, by name: all of them, or none. */
  async copiesOf(values: ReadonlyMap<string, Value>): Promise<Map<string, Value>> {
    const copies = new Map<string, Value>();
    try {
      for (const [name, value] of values) {
        const copy = pinned(name, value.shape);
        const data = await readFloats(this.runner, value);
        copies.set(name, copy);
        await this.runner.allocate([copy]);
        this.runner.write(copy, data);
      }
      return copies;
    } catch (error) {
      this.runner.free(copies.values());
      throw error;
    }
  }

  /** A model with other tensors in place of some, which it owns; the rest it shares. */
  derive(tensors: ReadonlyMap<string, Value>): TextModel {
    const { model, constants } = this.loaded;
    const weights = tensorsUnder(this.loaded, tensors);
    const loaded = { model: untied(model, weights), weights, constants };
    return new TextModel(this.runner, loaded, this.tokenizer, { from: this, owned: [...tensors.values()] });
  }

  /** Forgets the programs that use what the key stands for. */
  async dropPrograms(key: string): Promise<void> {
    await this.programs.dropAll((name) => keyHolds(name.split(' ')[1] ?? '', key));
    await this.generator.dropPrograms(key);
  }

  async dispose(): Promise<void> {
    await this.programs.dropAll();
    await this.generator.dispose();
    this.losses.dispose();
    this.runner.free(this.#owned);
  }

  #checkIds(ids: Int32Array | readonly number[], what: string): void {
    const { vocabSize } = this.loaded.model;
    for (const id of ids) {
      if (Number.isInteger(id) && id >= 0 && id < vocabSize) continue;
      throw new WebVeraError('invalid_argument', `${what}: expected tokens from 0 to ${vocabSize - 1}, got ${id}`);
    }
  }

  /** The inputs with T padded to a bucket. */
  #batch({ input_ids, attention_mask, labels }: WireInputs): MicroBatch {
    const [B, length] = input_ids.dims;
    const { maxLength } = this.loaded.model;
    if (length > maxLength) {
      throw new WebVeraError(
        'invalid_argument',
        `input_ids: expected at most ${maxLength} tokens a row, got ${length}`,
      );
    }
    const T = bucketLength(length, maxLength);
    this.#checkIds(input_ids.data, 'input_ids');
    this.#checkIds(labels?.data.filter((label) => label !== IGNORED) ?? [], 'labels');
    const bit = attention_mask?.data.find((value) => value !== 0 && value !== 1);
    if (bit !== undefined) throw new WebVeraError('invalid_argument', `attention_mask: expected 0 or 1, got ${bit}`);
    const padded = (tensor: IdTensor | undefined, given: number, padding: number): Int32Array => {
      const data = new Int32Array(B * T).fill(padding);
      for (let n = 0; n < B * length; n++) {
        data[Math.floor(n / length) * T + (n % length)] = tensor === undefined ? given : (tensor.data[n] ?? padding);
      }
      return data;
    };
    const labelled = labelledRows(padded(labels, IGNORED, IGNORED), B, T);
    return {
      B,
      T,
      input_ids: Uint32Array.from(padded(input_ids, 0, 0)),
      attention_mask: Uint32Array.from(padded(attention_mask, 1, 0)),
      ...labelled,
    };
  }

  #unpad(data: Float32Array, { dims: [B, length] }: IdTensor, T: number): Tensor {
    const V = this.loaded.model.vocabSize;
    const dims = [B, length, V];
    if (length === T) return { dims, data: data.slice(0, B * T * V) };
    const cut = new Float32Array(B * length * V);
    for (let row = 0; row < B; row++) {
      cut.set(data.subarray(row * T * V, (row * T + length) * V), row * length * V);
    }
    return { dims, data: cut };
  }
}
