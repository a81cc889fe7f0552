import { BASE, type Overlay } from '../../adapters/layers/overlay';
import { abortError, untilAborted } from '../../core/async/abort';
import { WebVeraError } from '../../core/errors/error';
import type { ResolvedGenerationConfig } from '../../core/types/generation';
import { withNames } from '../../models/labels';
import { addedPooling } from '../../models/pooled_head';
import type { TextTokenizer } from '../../tokenizer/tokenizer';
import type { Handle, ModelInfo, TokenizerInfo } from '../protocol';
import type { BaseModel } from './base_model';
import { TrainingTurns } from './training_turns';

/** A loaded model under a handle: a base model alone, or with adapters over it. */
interface Loaded {
  readonly base: BaseModel;
  /** Returns the overlay of the active adapters; with a name or names, of those adapters alone. */
  overlay(adapter?: string | readonly string[]): Overlay;
  /** Like `overlay`, for a batch whose rows name their adapters. */
  overlayOfRows(names: readonly string[], rows: number): Overlay;
  /** Runs `body` after the changes that were requested before it. */
  inTurn<T>(body: () => Promise<T>): Promise<T>;
  /** Frees the adapters over the base model. */
  dispose(): Promise<void>;
}

/** A base model and the overlay of a pass. */
export interface ModelPass {
  readonly model: BaseModel;
  readonly overlay: Overlay;
}

/** A base model alone. */
class Alone implements Loaded {
  readonly base: BaseModel;

  constructor(base: BaseModel) {
    this.base = base;
  }

  overlay(adapter?: string | readonly string[]): Overlay {
    if (adapter === undefined) return BASE;
    throw noAdapters('adapter_name', `${adapter}`);
  }

  overlayOfRows(names: readonly string[]): Overlay {
    throw noAdapters('adapter_names', names.join(', '));
  }

  inTurn<T>(body: () => Promise<T>): Promise<T> {
    return body();
  }

  async dispose(): Promise<void> {}
}

/** Models or tokenizers to which the page refers by their handles. */
class Handles<T> {
  readonly #what: string;
  readonly #items = new Map<Handle, T>();
  #next = 1;

  constructor(what: string) {
    this.#what = what;
  }

  add(item: T): Handle {
    const handle = this.#next;
    this.#next += 1;
    this.#items.set(handle, item);
    return handle;
  }

  /** Returns the item with a handle. Throws `invalid_argument` if the item was disposed of. */
  get(handle: Handle): T {
    const item = this.#items.get(handle);
    if (item !== undefined) return item;
    throw new WebVeraError('invalid_argument', `Expected a ${this.#what} that is loaded, but it was disposed of`, {
      hint: `Load the ${this.#what} again.`,
    });
  }

  find(handle: Handle): T | undefined {
    return this.#items.get(handle);
  }

  delete(handle: Handle): void {
    this.#items.delete(handle);
  }

  entries(): [Handle, T][] {
    return [...this.#items];
  }
}

type NamedAdapters = Partial<Pick<ResolvedGenerationConfig, 'adapter_name' | 'adapter_names'>>;

/** The models and tokenizers that a session has loaded. */
export class LoadedModels extends Handles<Loaded> {
  readonly tokenizers = new Handles<TextTokenizer>('tokenizer');
  /** The session's runs, by the adapters that they train. */
  readonly training = new TrainingTurns();

  constructor() {
    super('model');
  }

  /** Returns the base model under a handle. */
  base(handle: Handle): BaseModel {
    return this.get(handle).base;
  }

  /** Returns the base model under a handle, with the overlay of the active adapters; with a name or names, of those adapters alone. */
  pass(handle: Handle, adapter?: string | readonly string[]): ModelPass {
    const loaded = this.get(handle);
    return { model: loaded.base, overlay: loaded.overlay(adapter) };
  }

  /** Runs `body` after the changes to a model that were requested before. Rejects with `signal.reason` when aborted. */
  inTurn<T>(handle: Handle, signal: AbortSignal, body: () => Promise<T>): Promise<T> {
    const done = this.get(handle).inTurn(() => {
      signal.throwIfAborted();
      return body();
    });
    return untilAborted(done, signal);
  }

  /** Like `pass`, for a batch whose rows may name their adapters. */
  passOfRows(handle: Handle, { adapter_name, adapter_names }: NamedAdapters, rows: number): ModelPass {
    if (adapter_names === undefined) return this.pass(handle, adapter_name);
    const loaded = this.get(handle);
    return { model: loaded.base, overlay: loaded.overlayOfRows(adapter_names, rows) };
  }

  /** Describes a base model. Creates a handle for it if it has none. */
  info(model: BaseModel): ModelInfo {
    const known = this.entries().find(([, loaded]) => loaded instanceof Alone && loaded.base === model)?.[0];
    const { tokenizer, imageProcessor, loaded } = model;
    return {
      model: known ?? this.add(new Alone(model)),
      task: loaded.model.task,
      config: withNames(loaded.model.config, loaded.model.head.labels),
      tokenizer: tokenizer === undefined ? undefined : this.tokenizerInfo(tokenizer),
      modules: loaded.model.modules,
      has_new_head: loaded.model.head.weights.some(({ name }) => loaded.initial?.has(name)),
      pools: addedPooling(loaded.model.head) !== undefined,
      image_size: imageProcessor && loaded.model.image?.size,
    };
  }

  /** Describes a tokenizer, with a new handle. */
  tokenizerInfo(tokenizer: TextTokenizer): TokenizerInfo {
    const { vocab_size, bos_token_id, eos_token_id, pad_token_id } = tokenizer;
    return { tokenizer: this.tokenizers.add(tokenizer), vocab_size, bos_token_id, eos_token_id, pad_token_id };
  }

  /** Stops all work that uses a model, then frees it with its tokenizer, all adapters on it and all models that share its tensors. */
  async dispose(handle: Handle): Promise<void> {
    const { root } = this.find(handle)?.base ?? {};
    if (root === undefined) return;
    const family = (): [Handle, Loaded][] => this.entries().filter(([, { base }]) => base.root === root);
    const members = (): Set<BaseModel> => new Set([root, ...family().map(([, { base }]) => base)]);
    await Promise.all([...members()].map(({ jobs }) => jobs.close(abortError('The model was disposed of'))));
    // The models are collected again, because calls in progress may have added some meanwhile.
    const models = members();
    for (const [other, loaded] of family()) {
      this.delete(other);
      await loaded.dispose();
    }
    for (const [other, tokenizer] of this.tokenizers.entries()) {
      if (tokenizer === root.tokenizer) this.tokenizers.delete(other);
    }
    // Derived models are freed before the model whose tensors they share.
    for (const model of models) if (model !== root) await model.dispose();
    await root.dispose();
  }
}

function noAdapters(argument: string, got: string): WebVeraError {
  const message = `${argument}: expected a model with adapters, got a base model and ${got}`;
  return new WebVeraError('invalid_argument', message, {
    hint: 'Call it on a model from get_peft_model or PeftModel.from_pretrained.',
  });
}
