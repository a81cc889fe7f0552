import { keyHolds, type Overlay } from '../../adapters/layers/overlay';
import { Breather } from '../../core/async/breather';
import { lazily } from '../../core/async/lazily';
import { WebVeraError } from '../../core/errors/error';
import { numel } from '../../core/numbers/shape';
import { storages } from '../../core/numbers/storage';
import type { SentenceSettings } from '../../core/pooling/sentences';
import type { Tensor } from '../../core/types/tensor';
import type { SentExample } from '../../core/types/training';
import { Generator } from '../../generate/generator';
import { ProgramCache } from '../../graph/program_cache';
import type { Runner } from '../../graph/runner';
import { pinned, type Value } from '../../graph/value';
import type { ImageProcessor } from '../../images/image_processor';
import type { LoadedModel } from '../../models/loaded_model';
import { tensorsUnder, untied } from '../../models/untied';
import type { Task } from '../../tasks/task/task';
import type { Batch, BatchArguments } from '../../tasks/task/task_batches';
import type { Preprocessors } from '../../tasks/task/task_kind';
import { createTask } from '../../tasks/task_registry';
import type { TextTokenizer } from '../../tokenizer/tokenizer';
import { LossMeter } from '../../train/evaluate';
import { logitsProgram, writeBatch } from '../../train/steps/loss_program';
import type { ForwardResult, Predictions, WireInputs } from '../protocol';
import { inputRows } from './input_rows';
import { Jobs } from './jobs';
import { fileName, readFloats, specOf, storedAs, toFileOrder } from './loading/file_order';

/** The origin of a model that shares tensors: the model from which it was derived, and the tensors that it owns itself. */
interface Derived {
  readonly from: BaseModel;
  readonly owned: readonly Value[];
}

interface ReadPreprocessors extends Preprocessors {
  /** The tokens that end a text. Default: those of config.json. */
  readonly stopTokens?: readonly number[] | undefined;
  /** Reads the folder's settings for text embeddings. Settings that were read while the model loaded are also in `sentences`. */
  readSentences?(): Promise<SentenceSettings | undefined>;
  /** Reads a small file of the folder again; undefined if it is missing, or if only the cache may be used and doesn't know the file. */
  readAgain?(file: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

interface NamedPass {
  readonly name: string;
  readonly task: Pick<Task, 'inputs' | 'write' | 'logits'>;
  /** Tensors that the pass reads in addition to the model's weights, by name. */
  readonly tensors?: ReadonlyMap<string, Value> | undefined;
}

/** A base model on the device, with the GPU programs of its passes, with or without an overlay (adapters and changed weights). */
export class BaseModel {
  /** The model whose tensors this one shares. A model that wasn't derived is its own root. */
  readonly root: BaseModel;
  readonly loaded: LoadedModel;
  readonly preprocessors: ReadPreprocessors;
  readonly task: Task;
  readonly programs: ProgramCache;
  readonly losses: LossMeter;
  readonly generator: Generator;
  /** The jobs that use the model; every use is a job. */
  readonly jobs: Jobs;
  readonly runner: Runner;

  readonly #owned: readonly Value[];
  /** The weights that `dense` has uploaded. */
  readonly #uploaded: Value[] = [];

  constructor(runner: Runner, loaded: LoadedModel, preprocessors: ReadPreprocessors = {}, derived?: Derived) {
    this.root = derived?.from.root ?? this;
    this.#owned = derived?.owned ?? [...loaded.weights.values(), ...loaded.constants.values()];
    this.runner = runner;
    this.jobs = new Jobs(runner.failure);
    this.loaded = loaded;
    this.preprocessors = preprocessors;
    this.task = createTask(loaded.model, preprocessors);
    this.programs = new ProgramCache(runner);
    this.losses = new LossMeter(runner, this.programs, this.task, loaded);
    this.generator = new Generator(runner, loaded);
  }

  get tokenizer(): TextTokenizer | undefined {
    return this.preprocessors.tokenizer;
  }

  get imageProcessor(): ImageProcessor | undefined {
    const { imageProcessor } = this.preprocessors;
    return imageProcessor instanceof WebVeraError ? undefined : imageProcessor;
  }

  /** Runs one evaluation pass. Returns the task's logits, and the loss if there are labels. */
  async forward(inputs: WireInputs, overlay: Overlay): Promise<ForwardResult> {
    const batch = this.task.given(inputs);
    const logits = this.task.logitsOf(await this.#logits(batch, overlay), inputs, batch);
    if (inputs.labels === undefined) return { logits };
    const { loss } = await this.losses.measure([batch], overlay);
    return { logits, loss };
  }

  /** Predicts the labels of inputs. Throws `invalid_argument` if the model isn't a classifier. */
  async predict(
    inputs: readonly SentExample[],
    overlay: Overlay,
    { args, signal }: { readonly args: BatchArguments; readonly signal: AbortSignal },
  ): Promise<Predictions> {
    const { task } = this;
    const { predictor } = task;
    if (predictor === undefined) throw notAClassifier(this.loaded.model);
    const rowsAt = await inputRows({
      inputs,
      call: 'predict',
      breather: new Breather(signal),
      check: predictor.check,
      row: (input, where) => predictor.unlabelled(input, where, { args, signal }),
    });
    const [indices, size] = [[...inputs.keys()], args.per_device_train_batch_size];
    const { labels, threshold } = predictor;
    const count = inputs.length * labels.length;
    const ranked = { order: new Uint32Array(count), scores: new Float64Array(count) };
    for (let start = 0; start < inputs.length; start += size) {
      const batch = task.batch(await rowsAt(indices.slice(start, start + size)), args);
      const { order, scores } = predictor.scores(await this.#logits(batch, overlay));
      ranked.order.set(order, start * labels.length);
      ranked.scores.set(scores, start * labels.length);
    }
    return { labels, threshold, ...ranked };
  }

  #logits(batch: Batch, overlay: Overlay): Promise<Float32Array<ArrayBuffer>> {
    return this.run({ name: 'logits', task: this.task }, batch, overlay);
  }

  /**
   * Computes the logits of a task's batch, or the vectors of an embedder's batch. The pass's GPU program is cached by `name`, overlay and
   * shape.
   */
  run({ name, task, tensors }: NamedPass, batch: Batch, overlay: Overlay): Promise<Float32Array<ArrayBuffer>> {
    return this.programs.use(
      { name, overlay: overlay.key, shape: [batch.B, batch.T] },
      () => {
        const { weights } = this.loaded;
        const loaded = tensors ? { ...this.loaded, weights: new Map([...weights, ...tensors]) } : this.loaded;
        return logitsProgram(task, loaded, overlay, batch);
      },
      async ({ built, loaded }) => {
        writeBatch(this.runner, task, built.inputs, batch, overlay.rows?.which);
        this.runner.run(loaded);
        return new Float32Array(await this.runner.read(built.logits), 0, numel(built.logits.shape));
      },
    );
  }

  /** Reads tensors as float32, with the names and shapes that they have in the model's files; all tensors if `names` is undefined. */
  async stateDict(names: readonly string[] | undefined, { tensors: over }: Overlay): Promise<Map<string, Tensor>> {
    const { model } = this.loaded;
    const values = new Map([...tensorsUnder(this.loaded, over)].map((entry) => [fileName(model, entry[0]), entry]));
    const wanted = names ?? [...values.keys()];
    const unknown = wanted.find((name) => !values.has(name));
    if (unknown !== undefined) {
      throw new WebVeraError('invalid_argument', `state_dict: expected a tensor of the model, got ${unknown}`);
    }
    const tensors = new Map<string, Tensor>();
    for (const stored of wanted) {
      const [name, value] = values.get(stored) ?? [];
      if (name === undefined || value === undefined) continue;
      const data = await readFloats(this.runner, value);
      tensors.set(stored, toFileOrder(specOf(model, name), { dims: value.shape, data }));
    }
    return tensors;
  }

  /** Copies values to new GPU memory, by name. If one copy fails, frees the others. */
  async copiesOf(values: ReadonlyMap<string, Value>): Promise<Map<string, Value>> {
    const copies = new Map<string, Value>();
    try {
      for (const [name, value] of values) copies.set(name, await storedAs(this.runner, value, storages.f32));
      return copies;
    } catch (error) {
      this.runner.free(copies.values());
      throw error;
    }
  }

  /** Returns the folder's settings for text embeddings, if it has any. The first call reads them, and rejects if a file can't be read. */
  async sentences(): Promise<SentenceSettings | undefined> {
    return this.loaded.model.text && this.preprocessors.readSentences?.();
  }

  /** Returns the weights of the dense layers that follow the folder's pooling, by tensor name. The first call uploads them. */
  readonly dense = lazily(async (): Promise<ReadonlyMap<string, Value>> => {
    if (this.root !== this) return this.root.dense();
    const tensors = (await (await this.sentences())?.tensors?.()) ?? [];
    const uploaded = new Map<string, Value>();
    try {
      for (const [name, { dims, data }] of tensors) {
        const value = pinned(name, dims);
        uploaded.set(name, value);
        await this.runner.allocate([value]);
        this.runner.write(value, new Float32Array(data));
      }
    } catch (error) {
      this.runner.free(uploaded.values());
      throw error;
    }
    this.#uploaded.push(...uploaded.values());
    return uploaded;
  });

  /** Makes a model with some tensors replaced. The new model owns these tensors and shares the others with this model. */
  derive(tensors: ReadonlyMap<string, Value>): BaseModel {
    const { model, constants } = this.loaded;
    const weights = tensorsUnder(this.loaded, tensors);
    const loaded = { model: untied(model, weights), weights, constants };
    const derived = { from: this, owned: [...tensors.values()] };
    return new BaseModel(this.runner, loaded, this.preprocessors, derived);
  }

  /** Frees the cached GPU programs that use the adapter or the merged weights with this key. */
  async dropPrograms(key: string): Promise<void> {
    await this.programs.dropAll(({ overlay }) => keyHolds(overlay, key));
    await this.generator.dropPrograms(key);
  }

  async dispose(): Promise<void> {
    await this.programs.dropAll();
    await this.generator.release();
    this.losses.dispose();
    this.runner.free([...this.#owned, ...this.#uploaded]);
  }
}

function notAClassifier({ head, task: { labels, generates } }: LoadedModel['model']): WebVeraError {
  return new WebVeraError('invalid_argument', `predict: expected a classifier, got ${head.className}`, {
    hint:
      labels === 'of tokens' && !generates
        ? "forward({ input_ids }) gives each token's logits."
        : 'Load it with AutoModelForSequenceClassification.from_pretrained; a language model continues texts with generate().',
  });
}
