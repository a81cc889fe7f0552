import type { Overlay } from '../../adapters/layers/overlay';
import { Breather } from '../../core/async/breather';
import type { Warn } from '../../core/errors/warning';
import type { KernelChoice } from '../../core/kernels/kernel_choice';
import type { ChatMessage } from '../../core/types/chat';
import type { BatchToken, ResolvedGenerationConfig } from '../../core/types/generation';
import type { MemoryReport } from '../../core/types/model';
import type { LabelScore } from '../../core/types/prediction';
import type { ImagePreview, Preview } from '../../core/types/preview';
import type { ProgressInfo } from '../../core/types/source';
import { rowsOf, type Tensor } from '../../core/types/tensor';
import type { SentExample } from '../../core/types/training';
import { placedExamples } from '../../tasks/reading/placed_examples';
import type { SessionHost } from '../protocol';
import type { CallId, Handle } from '../rpc/call_protocol';
import type { Calls } from '../rpc/calls';
import { baseIdentity } from './base_identity';
import type { BaseModel } from './base_model';
import type { SessionDevice } from './device';
import { generateTexts } from './generate_texts';
import type { LoadedModels, ModelPass } from './loaded_models';
import { BaseModelLoader } from './loading/base_model_loader';
import { exportModel } from './loading/export_model';
import type { ModelSources } from './loading/model_sources';
import { TokenizerLoader } from './loading/tokenizer_loader';
import type {
  ChatTemplateOptions,
  DecodeRequest,
  EncodeRequest,
  ExampleFile,
  ForwardResult,
  LoadOptions,
  ModelCalls,
  ModelInfo,
  PredictRequest,
  PrepareRequest,
  PreviewRequest,
  Prompt,
  TokenizerInfo,
  WireInputs,
  WireSource,
} from './model_protocol';
import type { SessionKernels } from './session_kernels';

/** The parts of a session that its models need. */
interface SessionModelsInit {
  readonly host: SessionHost;
  readonly calls: Calls;
  readonly device: SessionDevice;
  readonly kernels: SessionKernels;
  readonly sources: ModelSources;
  readonly models: LoadedModels;
}

/** Answers a session's calls about models and tokenizers. */
export class SessionModels implements ModelCalls {
  readonly #host: SessionHost;
  readonly #calls: Calls;
  readonly #device: SessionDevice;
  readonly #kernels: SessionKernels;
  readonly #sources: ModelSources;
  readonly #models: LoadedModels;
  readonly #modelLoader: BaseModelLoader;
  readonly #tokenizerLoader: TokenizerLoader;

  constructor({ host, calls, device, kernels, sources, models }: SessionModelsInit) {
    this.#host = host;
    this.#calls = calls;
    this.#device = device;
    this.#kernels = kernels;
    this.#sources = sources;
    this.#models = models;
    this.#modelLoader = new BaseModelLoader(host, sources.limits);
    this.#tokenizerLoader = new TokenizerLoader(host, sources.limits);
  }

  async kernels(): Promise<KernelChoice> {
    await this.#device.open();
    return this.#kernels.choice();
  }

  loadModel(call: CallId, wire: WireSource, options: LoadOptions): Promise<ModelInfo> {
    return this.#calls.run(call, async (signal) => {
      const executor = await this.#device.executor();
      const source = this.#sources.open(call, wire, options, signal);
      const { name } = source;
      let isLoading = true;
      const emit = (info: ProgressInfo): void => {
        if (options.progress && isLoading) this.#host.emit({ type: 'progress', call, info });
      };
      const onUpload = (progress: number): void => {
        signal.throwIfAborted();
        emit({ status: 'upload', name, progress });
      };
      const onCompile = (progress: number): void => emit({ status: 'compile', name, progress });
      const { dtype = 'auto', task, labels, ignore_mismatched_sizes, module_names, gguf_file } = options;
      const warn: Warn = (warning) => this.#host.emit({ type: 'warning', ...warning });
      const loading = { dtype, task, labels, ignore_mismatched_sizes, module_names, warn, onUpload, onCompile };
      const model = await this.#modelLoader.model(executor, source, loading, gguf_file);
      const info = this.#models.info(model);
      emit({ status: 'ready', model: name });
      isLoading = false;
      return info;
    });
  }

  loadTokenizer(call: CallId, source: WireSource, options: LoadOptions): Promise<TokenizerInfo> {
    return this.#calls.run(call, async (signal) =>
      this.#models.tokenizerInfo(
        await this.#tokenizerLoader.tokenizer(this.#sources.open(call, source, options, signal), options.gguf_file),
      ),
    );
  }

  async encode(tokenizer: Handle, text: string, options: EncodeRequest): Promise<number[]> {
    return this.#models.tokenizers.get(tokenizer).encode(text, options);
  }

  async decode(tokenizer: Handle, ids: readonly number[], options: DecodeRequest): Promise<string> {
    return this.#models.tokenizers.get(tokenizer).decode(ids, options);
  }

  async applyChatTemplate(
    handle: Handle,
    messages: readonly ChatMessage[],
    { add_generation_prompt, tokenize }: ChatTemplateOptions,
  ): Promise<string | number[]> {
    const tokenizer = this.#models.tokenizers.get(handle);
    const { text } = await tokenizer.renderChat({ messages, add_generation_prompt, turns: false });
    return tokenize ? tokenizer.encode(text, { add_special_tokens: false }) : text;
  }

  forward(call: CallId, handle: Handle, inputs: WireInputs): Promise<ForwardResult> {
    const pass = (): ModelPass => this.#models.findRows(handle, inputs.adapter_names, rowsOf(inputs));
    return this.#job(call, pass, (model, overlay) => model.forward(inputs, overlay));
  }

  generate(
    call: CallId,
    handle: Handle,
    prompts: readonly Prompt[],
    config: ResolvedGenerationConfig,
  ): Promise<string[]> {
    const { adapter_name, adapter_names } = config;
    const pass = (): ModelPass =>
      adapter_names === undefined
        ? this.#models.find(handle, adapter_name)
        : this.#models.findRows(handle, adapter_names, prompts.length);
    const onToken = (token: BatchToken): void => this.#host.emit({ type: 'token', call, ...token });
    return this.#job(call, pass, (model, overlay, signal) =>
      generateTexts(model, { prompts, config, overlay, onToken, signal }),
    );
  }

  predict(call: CallId, handle: Handle, request: PredictRequest): Promise<readonly (readonly LabelScore[])[]> {
    const { inputs, batch_size: per_device_train_batch_size, max_length, adapter_name } = request;
    const args = { per_device_train_batch_size, max_length };
    return this.#job(
      call,
      () => this.#models.find(handle, adapter_name),
      (model, overlay, signal) => model.predict(inputs, { args, overlay, signal }),
    );
  }

  preview(call: CallId, handle: Handle, { example, args }: PreviewRequest): Promise<Preview | ImagePreview> {
    return this.#calls.run(call, async (signal) =>
      this.#models.base(handle).task.preview(example, 'preview: example', { args, signal }),
    );
  }

  readExamples(call: CallId, { blob, format }: ExampleFile): Promise<readonly SentExample[]> {
    return this.#calls.run(call, async (signal) => {
      const breather = new Breather(signal);
      const read: SentExample[] = [];
      for await (const { example } of placedExamples({ kind: 'blob', blob, format })) {
        await breather.breathe();
        read.push(example);
      }
      return read;
    });
  }

  prepareExamples(call: CallId, handle: Handle, { examples, first }: PrepareRequest): Promise<readonly SentExample[]> {
    return this.#calls.run(call, async (signal) => {
      const { task } = this.#models.base(handle);
      const breather = new Breather(signal);
      const kept: SentExample[] = [];
      for (const [index, example] of examples.entries()) {
        await breather.breathe();
        kept.push(await task.kept(example, `examples[${first + index}]`, signal));
      }
      return kept;
    });
  }

  stateDict(call: CallId, handle: Handle, names: readonly string[] | undefined): Promise<Map<string, Tensor>> {
    const pass = (): ModelPass => this.#models.find(handle);
    return this.#job(call, pass, (model, overlay) => model.stateDict(names, overlay));
  }

  exportModel(call: CallId, handle: Handle): Promise<Map<string, Blob>> {
    return this.#job(call, () => this.#models.find(handle), exportModel);
  }

  async memory(handle: Handle): Promise<MemoryReport> {
    const { bytes, peakBytes, buffers } = this.#models.base(handle).runner.usage();
    return { gpu_bytes: bytes, peak_gpu_bytes: peakBytes, buffers };
  }

  async identifyBase(handle: Handle): Promise<string> {
    const model = this.#models.base(handle);
    return model.jobs.run('identify', undefined, () => baseIdentity(model));
  }

  disposeModel(model: Handle): Promise<void> {
    return this.#models.dispose(model);
  }

  async disposeTokenizer(tokenizer: Handle): Promise<void> {
    this.#models.tokenizers.delete(tokenizer);
  }

  /** Runs a call that uses a model and its overlay, as a job on the model. */
  #job<T>(
    call: CallId,
    pass: () => ModelPass,
    body: (model: BaseModel, overlay: Overlay, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return this.#calls.run(call, async (signal) => {
      const { model, overlay } = pass();
      return model.jobs.run(overlay.key, signal, (ending) => body(model, overlay, ending));
    });
  }
}
