import { abortError } from '../core/abort';
import { WebVeraError } from '../core/error';
import { type FileSource, readFile, readFileIfPresent } from '../core/files';
import { defaultLimits, type ParserLimits, type ProgressInfo } from '../core/source';
import type { Executor } from '../gpu/executor';
import { openSource } from '../hub/open_source';
import { createTokenizer, type TextTokenizer } from '../tokenizer/tokenizer';
import { Handles } from './handles';
import { loadModel } from './model_loader';
import type {
  CallId,
  Handle,
  LoadOptions,
  ModelInfo,
  OpenOptions,
  SessionHost,
  TokenizerInfo,
  WireSource,
} from './protocol';
import { type Applied, TextModel } from './text_model';
import { VeraState } from './vera_state';

/** What a model's handle stands for: the base model alone, or adapters over it. */
export type Loaded = TextModel | VeraState;

/** The session's models and tokenizers, and how they are loaded. */
export class SessionModels {
  readonly models = new Handles<Loaded>('model');
  readonly tokenizers = new Handles<TextTokenizer>('tokenizer');
  readonly #host: SessionHost;
  readonly #options: OpenOptions;

  constructor(host: SessionHost, options: OpenOptions) {
    this.#host = host;
    this.#options = options;
  }

  get limits(): ParserLimits {
    return { ...defaultLimits, ...this.#options.limits };
  }

  /** The base model under a handle, and what a pass through that handle applies. */
  find(handle: Handle): { readonly model: TextModel; readonly applied: Applied } {
    const loaded = this.models.get(handle);
    if (loaded instanceof VeraState) return { model: loaded.base, applied: loaded.applied() };
    return { model: loaded, applied: { adapter: undefined, key: 'base' } };
  }

  base(handle: Handle): TextModel {
    const loaded = this.models.get(handle);
    if (loaded instanceof TextModel) return loaded;
    return loaded.base;
  }

  vera(handle: Handle): VeraState {
    const loaded = this.models.get(handle);
    if (loaded instanceof VeraState) return loaded;
    throw new WebVeraError('invalid_argument', 'Expected a model with adapters, got a base model', {
      hint: 'Make one with get_peft_model or VeraModel.from_pretrained.',
    });
  }

  /** Frees a model with its tokenizer and all VeRA models on it, once whoever uses it has been told to stop. */
  async dispose(handle: Handle): Promise<void> {
    if (this.models.find(handle) === undefined) return;
    const base = this.base(handle);
    await base.jobs.close(abortError('The model was disposed of'));
    for (const [other, loaded] of this.models.entries()) {
      if (loaded !== base && !(loaded instanceof VeraState && loaded.base === base)) continue;
      this.models.delete(other);
      if (loaded instanceof VeraState) await loaded.dispose();
    }
    for (const [other, tokenizer] of this.tokenizers.entries()) {
      if (tokenizer === base.tokenizer) this.tokenizers.delete(other);
    }
    await base.dispose();
  }

  open(call: CallId, source: WireSource, options: LoadOptions, signal: AbortSignal): FileSource {
    const { remoteHost, remotePathTemplate } = this.#options;
    const { fetch } = this.#host;
    const { progress, revision } = options;
    const report = (info: ProgressInfo): void => this.#host.emit({ type: 'progress', call, info });
    return openSource(typeof source === 'object' && 'url' in source ? new URL(source.url) : source, {
      signal,
      ...(fetch && { fetch }),
      ...(remoteHost !== undefined && { remoteHost }),
      ...(remotePathTemplate !== undefined && { remotePathTemplate }),
      ...(revision !== undefined && { revision }),
      ...(progress && { progress_callback: report }),
    });
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
    const tokenizer = await this.#tokenizerIfPresent(source, loaded.model.vocabSize).catch((error: unknown) => {
      executor.free([...loaded.weights.values(), ...loaded.constants.values()]);
      throw error;
    });
    const model = this.models.add(new TextModel(executor, loaded, tokenizer));
    emit({ status: 'ready', model: source.name });
    return {
      model,
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
    return createTokenizer(text(json), config && text(config), vocabSize === undefined ? {} : { vocabSize });
  }
}
