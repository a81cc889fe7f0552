import type { Overlay } from '../../adapters/layers/overlay';
import { Breather } from '../../core/async/breather';
import type { Warn } from '../../core/errors/warning';
import type { BatchToken } from '../../core/types/generation';
import type { ProgressInfo } from '../../core/types/source';
import { rowsOf } from '../../core/types/tensor';
import type { SentExample } from '../../core/types/training';
import { placedExamples } from '../../tasks/reading/placed_examples';
import { recognised } from '../../tasks/reading/recognised';
import type { SessionHost } from '../protocol';
import type { Answers, CallId } from '../rpc/call_protocol';
import type { Calls } from '../rpc/calls';
import { baseIdentity } from './base_identity';
import type { BaseModel } from './base_model';
import type { SessionDevice } from './device';
import { embedInputs } from './embed_inputs';
import { generateTexts } from './generate_texts';
import type { LoadedModels, ModelPass } from './loaded_models';
import type { BaseModelLoader } from './loading/base_model_loader';
import { exportCode } from './loading/late_export';
import type { ModelSources } from './loading/model_sources';
import type { ModelCalls } from './model_protocol';
import type { SessionKernels } from './session_kernels';

/** The fields of a session that the calls about models use. */
export interface ModelRoom {
  readonly host: SessionHost;
  readonly warn: Warn;
  readonly calls: Calls;
  readonly device: SessionDevice;
  readonly kernels: SessionKernels;
  readonly sources: ModelSources;
  readonly loader: BaseModelLoader;
  readonly models: LoadedModels;
}

export const modelCalls: Answers<ModelCalls, ModelRoom> = {
  async kernels() {
    await this.device.open();
    return this.kernels.choice();
  },

  loadModel(call, wire, options) {
    return this.calls.run(call, async (signal) => {
      const executor = await this.device.executor();
      const source = this.sources.open(call, wire, options, signal);
      const { name } = source;
      let isLoading = true;
      const emit = (info: ProgressInfo): void => {
        if (options.progress && isLoading) this.host.emit({ type: 'progress', call, info });
      };
      const onUpload = (progress: number): void => {
        signal.throwIfAborted();
        emit({ status: 'upload', name, progress });
      };
      const onCompile = (progress: number): void => emit({ status: 'compile', name, progress });
      const loading = { ...options, warn: this.warn, onUpload, onCompile };
      const info = this.models.info(await this.loader.model(executor, source, loading, options.gguf_file));
      emit({ status: 'ready', model: name });
      isLoading = false;
      return info;
    });
  },

  loadTokenizer(call, wire, options) {
    return this.calls.run(call, async (signal) => {
      const source = this.sources.open(call, wire, options, signal);
      return this.models.tokenizerInfo(await this.loader.tokenizer(source, options));
    });
  },

  async encode(tokenizer, text, options) {
    return this.models.tokenizers.get(tokenizer).encode(text, options);
  },

  async decode(tokenizer, ids, options) {
    return this.models.tokenizers.get(tokenizer).decode(ids, options);
  },

  async applyChatTemplate(handle, messages, { add_generation_prompt, tokenize }) {
    const tokenizer = this.models.tokenizers.get(handle);
    const { text } = await tokenizer.renderChat({ messages, add_generation_prompt, turns: false });
    return tokenize ? tokenizer.encode(text, { add_special_tokens: false }) : text;
  },

  forward(call, handle, inputs) {
    const pass = (): ModelPass => this.models.passOfRows(handle, inputs, rowsOf(inputs));
    return job(this, call, pass, (model, overlay) => model.forward(inputs, overlay));
  },

  generate(call, handle, prompts, config) {
    const pass = (): ModelPass => this.models.passOfRows(handle, config, prompts.length);
    const onToken = (token: BatchToken): void => this.host.emit({ type: 'token', call, ...token });
    return job(this, call, pass, (model, overlay, signal) =>
      generateTexts(model, { prompts, config, overlay, onToken, signal, warn: this.warn }),
    );
  },

  predict(call, handle, { inputs, batch_size: per_device_train_batch_size, max_length, adapter_name }) {
    const args = { per_device_train_batch_size, max_length };
    const pass = (): ModelPass => this.models.pass(handle, adapter_name);
    return job(this, call, pass, (model, overlay, signal) => model.predict(inputs, overlay, { args, signal }));
  },

  embed(call, handle, request) {
    const pass = (): ModelPass => this.models.pass(handle, request.adapter_name);
    const onProgress = (done: number, total: number): void => this.host.emit({ type: 'embed', call, done, total });
    return job(this, call, pass, (model, overlay, signal) =>
      embedInputs(model, request, { overlay, signal, warn: this.warn, onProgress }),
    );
  },

  preview(call, handle, { example, args }) {
    return this.calls.run(call, async (signal) =>
      this.models.base(handle).task.preview(example, 'preview: example', { args, signal }),
    );
  },

  readExamples(call, { blob, format }) {
    return this.calls.run(call, async (signal) => {
      const breather = new Breather(signal);
      const read: SentExample[] = [];
      for await (const { example } of placedExamples(await recognised({ kind: 'blob', blob, format }))) {
        await breather.breathe();
        read.push(example);
      }
      return read;
    });
  },

  prepareExamples(call, handle, { examples, first }) {
    return this.calls.run(call, async (signal) => {
      const { task } = this.models.base(handle);
      const breather = new Breather(signal);
      const kept: SentExample[] = [];
      for (const [index, example] of examples.entries()) {
        await breather.breathe();
        kept.push(await task.kept(example, `examples[${first + index}]`, signal));
      }
      return kept;
    });
  },

  stateDict(call, handle, names) {
    const pass = (): ModelPass => this.models.pass(handle);
    return job(this, call, pass, (model, overlay) => model.stateDict(names, overlay));
  },

  exportModel(call, handle) {
    const pass = (): ModelPass => this.models.pass(handle);
    return job(this, call, pass, async (model, overlay, signal) => {
      const { exportModel } = await exportCode();
      return exportModel(model, overlay, { signal, warn: this.warn });
    });
  },

  async memory(handle) {
    const { bytes, peakBytes, buffers } = this.models.base(handle).runner.usage();
    return { gpu_bytes: bytes, peak_gpu_bytes: peakBytes, buffers };
  },

  async identifyBase(handle) {
    const model = this.models.base(handle);
    return model.jobs.run('identify', undefined, () => baseIdentity(model.loaded, model.runner));
  },

  disposeModel(model) {
    return this.models.dispose(model);
  },

  async disposeTokenizer(tokenizer) {
    this.models.tokenizers.delete(tokenizer);
  },
};

/** Runs a call that uses a model and its overlay (its adapters and changed weights). The model isn't freed before the call ends. */
function job<T>(
  { calls }: ModelRoom,
  call: CallId,
  pass: () => ModelPass,
  body: (model: BaseModel, overlay: Overlay, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return calls.run(call, async (signal) => {
    const { model, overlay } = pass();
    return model.jobs.run(overlay.key, signal, (ending) => body(model, overlay, ending));
  });
}
