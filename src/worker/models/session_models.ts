import { BASE, type Overlay } from '../../adapters/overlay';
import { abortError } from '../../core/abort';
import { WebVeraError } from '../../core/error';
import { type FileSource, readFile, readFileIfPresent } from '../../core/files';
import { defaultLimits, type ParserLimits, type ProgressInfo } from '../../core/source';
import type { Executor } from '../../gpu/executor';
import { openSource } from '../../hub/open_source';
import { textSizes } from '../../models/architecture';
import { announcing, createTokenizer, type TextTokenizer } from '../../tokenizer/tokenizer';
import { VeraState } from '../adapters/vera_state';
import type {
  CallId,
  Handle,
  LoadOptions,
  ModelInfo,
  OpenOptions,
  SessionHost,
  TokenizerInfo,
  WireSource,
} from '../protocol';
import { Handles } from '../rpc/handles';
import { sealed } from '../rpc/seal';
import { BaseModel } from './base_model';
import { loadModel } from './model_loader';

/** What a model's handle stands for: the base model alone, or adapters over it. */
export type Loaded = BaseModel | VeraState;

/** What runs, and what lies over it. */
export interface Pass {
  readonly model: BaseModel;
  readonly overlay: Overlay;
}

/** The session's models and tokenizers, and how they are loaded. */
export class SessionModels {
  readonly models = new Handles<Loaded>('model');
  readonly tokenizers = new Handles<TextTokenizer>('tokenizer');
  readonly #host: SessionHost;
  readonly #options: OpenOptions;
  #sealed = false;

  constructor(host: SessionHost, options: OpenOptions) {
    this.#host = host;
    this.#options = options;
  }

  get limits(): ParserLimits {
    return { ...defaultLimits, ...this.#options.limits };
  }

  /** What comes next is done in one go, and may take so many seconds. */
  quiet(seconds: number): void {
    this.#host.quiet?.(seconds);
  }

  /** From now on nothing is downloaded. */
  seal(): void {
    this.#sealed = true;
  }

  /** The base model under a handle, and what lies over it in a pass; with a name or names, those adapters alone. */
  find(handle: Handle, adapter?: string | readonly string[]): Pass {
    const loaded = this.models.get(handle);
    if (loaded instanceof VeraState) return { model: loaded.base, overlay: loaded.overlay(adapter) };
    if (adapter === undefined) return { model: loaded, overlay: BASE };
    throw noAdapters('adapter_name', `${adapter}`);
  }

  /** As `find`, for a batch whose rows name their adapters. */
  findRows(handle: Handle, names: readonly string[] | undefined, rows: number): Pass {
    if (names === undefined) return this.find(handle);
    const loaded = this.models.get(handle);
    if (loaded instanceof VeraState) return { model: loaded.base, overlay: loaded.overlayOfRows(names, rows) };
    throw noAdapters('adapter_names', names.join(', '));
  }

  base(handle: Handle): BaseModel {
    const loaded = this.models.get(handle);
    if (loaded instanceof BaseModel) return loaded;
    return loaded.base;
  }

  vera(handle: Handle): VeraState {
    const loaded = this.models.get(handle);
    if (loaded instanceof VeraState) return loaded;
    throw new WebVeraError('invalid_argument', 'Expected a model with adapters, got a base model', {
      hint: 'Make one with get_peft_model or VeraModel.from_pretrained.',
    });
  }

  /**
   * Frees a model with its tokenizer, all VeRA models on it and all models that share its tensors, once whoever uses
   * them has been told to stop.
   */
  async dispose(handle: Handle): Promise<void> {
    if (this.models.find(handle) === undefined) return;
    const { root } = this.base(handle);
    const family = (): [Handle, Loaded][] => this.models.entries().filter(([other]) => this.base(other).root === root);
    const members = (): Set<BaseModel> => new Set([root, ...family().map(([other]) => this.base(other))]);
    await Promise.all([...members()].map(({ jobs }) => jobs.close(abortError('The model was disposed of'))));
    // Asked again: what was on its way has come or failed by now.
    const models = members();
    for (const [other, loaded] of family()) {
      this.models.delete(other);
      if (loaded instanceof VeraState) await loaded.dispose();
    }
    for (const [other, tokenizer] of this.tokenizers.entries()) {
      if (tokenizer === root.tokenizer) this.tokenizers.delete(other);
    }
    // What was derived goes before what it shares.
    for (const model of models) if (model !== root) await model.dispose();
    await root.dispose();
  }

  open(call: CallId, source: WireSource, options: LoadOptions, signal: AbortSignal): FileSource {
    const { remoteHost, remotePathTemplate } = this.#options;
    const { progress, revision } = options;
    const report = (info: ProgressInfo): void => this.#host.emit({ type: 'progress', call, info });
    return openSource(typeof source === 'object' && 'url' in source ? new URL(source.url) : source, {
      signal,
      fetch: (input, init) => this.#fetch(input, init),
      ...(remoteHost !== undefined && { remoteHost }),
      ...(remotePathTemplate !== undefined && { remotePathTemplate }),
      ...(revision !== undefined && { revision }),
      ...(progress && { progress_callback: report }),
    });
  }

  /** Asked at each request: a download may be under way when the session is sealed. */
  async #fetch(...request: Parameters<typeof globalThis.fetch>): Promise<Response> {
    if (this.#sealed) throw sealed();
    // Called as a plain function, as browsers' fetch must be.
    const { fetch = globalThis.fetch } = this.#host;
    return fetch(...request);
  }

  async load(
    executor: Executor,
    call: CallId,
    source: FileSource,
    options: LoadOptions,
    signal: AbortSignal,
  ): Promise<ModelInfo> {
    const emit = (info: ProgressInfo): void => {
      if (options.progress) this.#host.emit({ type: 'progress', call, info });
    };
    const loaded = await loadModel(source, executor, {
      dtype: options.dtype ?? 'auto',
      limits: this.limits,
      onUpload: (progress) => {
        signal.throwIfAborted();
        emit({ status: 'upload', name: source.name, progress });
      },
    });
    const tokenizer = await this.#tokenizerIfPresent(source, textSizes(loaded.model).vocabSize).catch(
      (error: unknown) => {
        executor.free([...loaded.weights.values(), ...loaded.constants.values()]);
        throw error;
      },
    );
    // It may have been lost while the tokenizer came in.
    executor.check();
    const info = this.info(new BaseModel(executor, loaded, tokenizer));
    emit({ status: 'ready', model: source.name });
    return info;
  }

  /** A model with its handle, which it gets unless it has one. */
  info(model: BaseModel): ModelInfo {
    const known = this.models.entries().find(([, loaded]) => loaded === model)?.[0];
    const { tokenizer, loaded } = model;
    return {
      model: known ?? this.models.add(model),
      config: loaded.model.config,
      tokenizer: tokenizer === undefined ? undefined : this.#tokenizerInfo(tokenizer),
      modules: loaded.model.modules,
    };
  }

  async loadTokenizer(source: FileSource): Promise<TokenizerInfo> {
    const json = await readFile(source, 'tokenizer.json', this.limits.tokenizer);
    return this.#tokenizerInfo(await this.#createTokenizer(source, json));
  }

  #tokenizerInfo(tokenizer: TextTokenizer): TokenizerInfo {
    const { vocab_size, bos_token_id, eos_token_id, pad_token_id } = tokenizer;
    return { tokenizer: this.tokenizers.add(tokenizer), vocab_size, bos_token_id, eos_token_id, pad_token_id };
  }

  async #tokenizerIfPresent(source: FileSource, vocabSize: number): Promise<TextTokenizer | undefined> {
    const json = await readFileIfPresent(source, 'tokenizer.json', this.limits.tokenizer);
    return json === undefined ? undefined : this.#createTokenizer(source, json, vocabSize);
  }

  async #createTokenizer(source: FileSource, json: Uint8Array, vocabSize?: number): Promise<TextTokenizer> {
    const config = await readFileIfPresent(source, 'tokenizer_config.json', this.limits.json);
    const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
    // On slow devices a megabyte of a file takes a second, and a megabyte of a text four.
    this.quiet(json.byteLength / 2 ** 20);
    const options = vocabSize === undefined ? {} : { vocabSize };
    const tokenizer = createTokenizer(text(json), config && text(config), options);
    return announcing(tokenizer, (length) => this.quiet(length / 2 ** 18));
  }
}

function noAdapters(argument: string, got: string): WebVeraError {
  return new WebVeraError(
    'invalid_argument',
    `${argument}: expected a model with adapters, got a base model and ${got}`,
    {
      hint: 'Call it on a model from get_peft_model or VeraModel.from_pretrained.',
    },
  );
}
