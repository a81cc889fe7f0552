import { WebVeraError } from '../../core/errors/error';
import { defineForeign } from '../../core/errors/foreign_members';
import type { ChatMessage } from '../../core/types/chat';
import type { BatchGenerationConfig, GenerationConfig } from '../../core/types/generation';
import type { MemoryReport, ModuleInfo, PretrainedConfig } from '../../core/types/model';
import type { EmbedInput, EmbedOptions, LabelScore, PredictInput, PredictOptions } from '../../core/types/prediction';
import type { ImagePreview, Preview, PreviewOptions } from '../../core/types/preview';
import type { ModelInputs, Tensor } from '../../core/types/tensor';
import type { Example, ImageExample } from '../../core/types/training';
import type { Handle, ModelInfo } from '../../worker/protocol';
import type { Link } from '../rpc/link';
import { RemoteHandle } from '../rpc/remote_handle';
import { asyncDispose } from '../session/dispose';
import { MODEL_METHODS, MODEL_PROPERTIES } from '../session/foreign_names';
import { checkOptions, wrong } from '../session/options';
import { abortSignal } from '../session/rules';
import { wireInputs } from './inputs';
import { ModelLife } from './model_life';
import {
  type BatchGeneration,
  type Generation,
  RemoteGeneration,
  resolveBatchConfig,
  resolveGenerationConfig,
  TextGeneration,
} from './remote_generation';
import { RemoteTokenizer, type Tokenizer } from './remote_tokenizer';
import {
  eachVector,
  embedProgress,
  embedRequest,
  type GenerateInput,
  labelScores,
  predictRequest,
  previewRequest,
  shownPreview,
  wirePrompt,
  wirePrompts,
} from './requests';

export interface PreTrainedModel extends AsyncDisposable {
  readonly config: PretrainedConfig;
  readonly tokenizer: Tokenizer | undefined;
  /**
   * Runs one evaluation pass. `logits` are f32: (B,T,V), for classifiers (B,num_labels), for classifiers of tokens (B,T,num_labels). If the
   * inputs have labels, `loss` is the mean loss over the labels that aren't −100.
   */
  forward(inputs: ModelInputs): Promise<{ logits: Tensor; loss?: number }>;
  /**
   * Continues a text or a list of token ids (which needs no tokenizer), or answers a conversation, which the tokenizer's chat template
   * renders. Rejects with `invalid_argument` for a model that doesn't continue texts, for a prompt that is empty or leaves no room for a
   * token within the model's maximum length, for token ids outside the vocabulary, and for a text or `stop_strings` without a tokenizer;
   * for a conversation also as `Tokenizer.apply_chat_template` does.
   */
  generate(input: string | readonly ChatMessage[] | readonly number[], config?: GenerationConfig): Generation;
  /**
   * Continues several prompts of any lengths at once, with one forward pass per token for all of them. With `adapter_names`, each prompt
   * uses the adapter at its index. The result for `prompts[r]` is that of `generate` with the seed `seed + r`, except for the last digits
   * of the logits. Resolves once all texts have ended.
   */
  generate_batch(
    prompts: readonly (string | readonly ChatMessage[] | readonly number[])[],
    config?: BatchGenerationConfig,
  ): BatchGeneration;
  /**
   * Predicts the labels of an input, the likeliest first. A model with several labels for one input also says which of them the input has,
   * and a model that predicts numbers returns the numbers in the order of its labels. Texts that are too long for the model are truncated.
   * An image is a Blob, ImageData, or an image of the page: a canvas, <img>, ImageBitmap or VideoFrame. Rejects with `invalid_argument` for
   * language models.
   */
  predict(input: PredictInput, options?: PredictOptions): Promise<readonly LabelScore[]>;
  /** Predicts several inputs in batches, as `predict` does. The predictions are in the order of the inputs. */
  predict_batch(inputs: readonly PredictInput[], options?: PredictOptions): Promise<readonly (readonly LabelScore[])[]>;
  /**
   * Resolves with a vector for each input: the last hidden states, pooled, passed through Dense layers and normalised as the folder's
   * modules.json says, as in sentence-transformers. Without that file, a text's vector is the mean of its hidden states; an image's vector
   * is the first token's hidden state after the last norm, or for CLIP and SigLIP the result of `get_image_features` (for a CLIP
   * classifier, without the projection). Texts are truncated to the `max_seq_length` of the folder, or else to as many tokens as the
   * tokenizer and the model allow, with a warning of the session (`texts_cut`). A model with a head has vectors too, which don't depend on
   * the head. Rejects with `unsupported_model` for other modules in modules.json, unless `pooling` is given.
   */
  embed(inputs: readonly EmbedInput[], options?: EmbedOptions): Promise<Float32Array[]>;
  /**
   * Resolves with an image as the model would get it in a run: the resized image, its numbers and its label. Rejects like a run for an
   * example that it can't use.
   */
  preview(example: ImageExample, options?: PreviewOptions): Promise<ImagePreview>;
  /**
   * Resolves with the model's input for an example, or for a text alone, in a run with these arguments: its tokens, its label, and which
   * tokens are learnt. A conversation is rendered by the chat template. Rejects like a run for an example that it can't use.
   */
  preview(example: Exclude<Example, ImageExample> | string, options?: PreviewOptions): Promise<Preview>;
  /** Previews an example that may be a text or an image. */
  preview(example: Example | string, options?: PreviewOptions): Promise<Preview | ImagePreview>;
  named_modules(): readonly ModuleInfo[];
  /** Resolves with the tensors by the checkpoint's own names, in its layout, as float32: all tensors, or only those in `names`. */
  state_dict(names?: readonly string[]): Promise<Map<string, Tensor>>;
  /**
   * Resolves with the model as a folder that transformers and `from_pretrained({ files })` can read: config.json and safetensors. Each
   * tensor has the dtype in which the GPU holds it: over a half-precision base model, matrices stay float16 or bfloat16, while vectors, and
   * matrices whose rows aren't a multiple of four numbers, are float32; packed matrices (q8, q4) are float16. The folder has the tensors of
   * `state_dict`: merge adapters first to include them. It also has the original folder's files for the tokenizer, the chat template and
   * image preprocessing, which are read again from their source or the cache; a warning of the session (`files_not_copied`) names files
   * that can't be read. For a classifier on pooled vectors, the folder has `pooled_classifier.py`: its function `pooled_model` loads the
   * model in Python, because transformers' own classes would compute other results. Rejects with `numerical_error` if a number isn't
   * finite.
   */
  export_model(options?: { readonly signal?: AbortSignal | undefined }): Promise<Map<string, Blob>>;
  /** Resolves with the memory that the whole session uses on the model's GPU. To learn a model's share, compare before and after its load. */
  memory(): Promise<MemoryReport>;
  /** Frees the model with its tokenizer and every model with adapters on it. A model with adapters frees its base model too. */
  dispose(): Promise<void>;
}

/** The page's side of a model that is loaded in a session. */
export interface ModelParts {
  readonly link: Link;
  readonly place: RemoteHandle;
  readonly info: ModelInfo;
  readonly tokenizer: RemoteTokenizer | undefined;
  /** The name of the model's repository, or of the folder in its address. Undefined if the model was loaded from files. */
  readonly sourceName?: string | undefined;
  /** Shared by a model and the models with adapters on it, which are disposed of together. */
  readonly life: ModelLife;
}

/** The key of a model's `ModelParts`, for this library's own use. */
export const partsKey: unique symbol = Symbol('parts');

/** The key of the state that the profiles of a base model share. Only the profiles' code knows its type. */
export const profilesKey: unique symbol = Symbol('profiles');

export class RemoteModel implements PreTrainedModel {
  /** @internal A field, because bundlers can't leave out an unused class that has a static block. */
  static readonly foreign = /* @__PURE__ */ defineForeign(RemoteModel.prototype, MODEL_METHODS, MODEL_PROPERTIES);

  /** @internal The class's name in error messages. Minifiers rename classes, but don't change this string. */
  static readonly name: string = 'PreTrainedModel';

  /** @internal */
  readonly [partsKey]: ModelParts;
  /** @internal */
  readonly [profilesKey]: { kept?: unknown } = {};

  /** @internal */
  constructor(parts: ModelParts) {
    this[partsKey] = parts;
  }

  get config(): PretrainedConfig {
    return this[partsKey].info.config;
  }

  get tokenizer(): Tokenizer | undefined {
    return this[partsKey].tokenizer;
  }

  async forward(inputs: ModelInputs): Promise<{ logits: Tensor; loss?: number }> {
    const { link } = this[partsKey];
    const handle = liveHandle(this);
    const wire = wireInputs(inputs, this[partsKey].info.task);
    return link.call((call) => link.request('forward', call, handle, wire));
  }

  generate(input: GenerateInput, config: GenerationConfig = {}): Generation {
    const { link } = this[partsKey];
    return new TextGeneration(input, config, async (onEvent) => {
      const handle = liveHandle(this);
      const resolved = resolveGenerationConfig(config, link);
      const prompts = [wirePrompt('generate: input', input, this.tokenizer)];
      const { signal } = config;
      const request = (call: number) => link.request('generate', call, handle, prompts, resolved);
      const [text = ''] = await link.call(request, { signal, onEvent });
      return text;
    });
  }

  generate_batch(inputs: readonly GenerateInput[], config: BatchGenerationConfig = {}): BatchGeneration {
    const { link } = this[partsKey];
    return new RemoteGeneration(
      async (onEvent) => {
        const handle = liveHandle(this);
        const resolved = resolveBatchConfig(config, link);
        const prompts = wirePrompts(inputs, this.tokenizer);
        const { signal } = config;
        return link.call((call) => link.request('generate', call, handle, prompts, resolved), { signal, onEvent });
      },
      ({ row, token_id, text }) => ({ row, token_id, text }),
    );
  }

  async predict(input: PredictInput, options: PredictOptions = {}): Promise<readonly LabelScore[]> {
    const [scores = []] = await this.predict_batch([input], options);
    return scores;
  }

  async predict_batch(
    inputs: readonly PredictInput[],
    options: PredictOptions = {},
  ): Promise<readonly (readonly LabelScore[])[]> {
    const { link } = this[partsKey];
    const handle = liveHandle(this);
    const request = predictRequest(inputs, options);
    const { signal } = options;
    return labelScores(await link.call((call) => link.request('predict', call, handle, request), { signal }));
  }

  async embed(inputs: readonly EmbedInput[], options: EmbedOptions = {}): Promise<Float32Array[]> {
    const { link } = this[partsKey];
    const handle = liveHandle(this);
    const request = embedRequest(inputs, options);
    const onEvent = embedProgress(options);
    const { signal } = options;
    const vectors = await link.call((call) => link.request('embed', call, handle, request), { signal, onEvent });
    return eachVector(vectors, request.inputs.length);
  }

  preview(example: ImageExample, options?: PreviewOptions): Promise<ImagePreview>;
  preview(example: Exclude<Example, ImageExample> | string, options?: PreviewOptions): Promise<Preview>;
  preview(example: Example | string, options?: PreviewOptions): Promise<Preview | ImagePreview>;
  async preview(example: Example | string, options: PreviewOptions = {}): Promise<Preview | ImagePreview> {
    const { link } = this[partsKey];
    const handle = liveHandle(this);
    const request = previewRequest(example, options);
    return shownPreview(
      await link.call((call) => link.request('preview', call, handle, request), { signal: options.signal }),
    );
  }

  named_modules(): readonly ModuleInfo[] {
    return this[partsKey].info.modules;
  }

  async state_dict(names?: readonly string[]): Promise<Map<string, Tensor>> {
    const { link } = this[partsKey];
    const handle = liveHandle(this);
    if (names !== undefined && !Array.isArray(names)) throw wrong('state_dict: names', 'an array of names', names);
    return link.call((call) => link.request('stateDict', call, handle, names?.map(String)));
  }

  async export_model(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<Map<string, Blob>> {
    checkOptions('export_model', options, { signal: abortSignal });
    const { link } = this[partsKey];
    const handle = liveHandle(this);
    return link.call((call) => link.request('exportModel', call, handle), { signal: options.signal });
  }

  async memory(): Promise<MemoryReport> {
    return this[partsKey].link.request('memory', liveHandle(this));
  }

  async dispose(): Promise<void> {
    return this[partsKey].life.dispose();
  }

  [asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/** Returns the model's handle for calls to the session. Throws once the model is disposed of or lost. */
export function liveHandle(model: RemoteModel): Handle {
  return handleOf(model[partsKey]);
}

/** Does the same as `liveHandle`, for the `ModelParts` of a model. */
export function handleOf({ place, life }: ModelParts): Handle {
  if (!life.disposed) return place.handle;
  throw disposedError();
}

export function disposedError(): WebVeraError {
  return new WebVeraError('invalid_argument', 'Expected a live model, got one that is disposed of', {
    hint: 'Disposing of a model frees the models with adapters on it too, and the other way round. Load it again.',
  });
}

/** Makes the page's side of a loaded model. `load`: loads the same model again, after it was lost. */
export function modelParts(
  link: Link,
  info: ModelInfo,
  sourceName: string | undefined,
  load: (signal: AbortSignal | undefined) => Promise<ModelInfo>,
): ModelParts {
  const tokenizer = info.tokenizer === undefined ? undefined : new RemoteTokenizer(link, info.tokenizer, true);
  const place: RemoteHandle = new RemoteHandle(link, info.model, 'device', async (signal) => {
    const { model, tokenizer: anew } = await load(signal);
    if (life.disposed) {
      await link.request('disposeModel', model);
      throw disposedError();
    }
    const old = place.remembered;
    place.move(model);
    if (anew !== undefined) tokenizer?.place.move(anew.tokenizer);
    // No code uses the old model any more, so its disposal isn't awaited.
    if (old !== undefined) link.request('disposeModel', old).catch(() => {});
  });
  const life = new ModelLife(link, place);
  return { link, place, info, tokenizer, sourceName, life };
}
