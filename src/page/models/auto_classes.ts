import type { ModelSource } from '../../core/types/source';
import type { LoadOptions, ModelInfo } from '../../worker/protocol';
import { linkOf } from '../session/default_session';
import { checkOptions, defined } from '../session/options';
import { modelParts, type PreTrainedModel, RemoteModel } from './remote_model';
import { RemoteTokenizer, type Tokenizer } from './remote_tokenizer';
import {
  type AutoModelOptions,
  autoModelRules,
  type ClassifierOptions,
  classifierLoadOptions,
  classifierRules,
  type ImageClassifierOptions,
  imageClassifierRules,
  loadOptions,
  nameOfSource,
  type PretrainedOptions,
  pretrainedRules,
  type TextClassifierOptions,
  textClassifierRules,
  wireSource,
} from './source_options';

// biome-ignore lint/complexity/noStaticOnlyClass: transformers' name and form
export class AutoTokenizer {
  /** @internal The class's name in error messages. Minifiers rename classes, but don't change this string. */
  static readonly name = 'AutoTokenizer';
  /**
   * Loads only the tokenizer of a model. Rejects with `not_found` if the source has neither a tokenizer.json nor a vocabulary in an older
   * format (vocab.json and merges.txt, or vocab.txt), and with the errors of loading any file: `offline`, `timeout`, `http_error`,
   * `gated_repo`, `integrity_mismatch`, `storage_corrupt` for a damaged copy that can't be repaired, `invalid_format`.
   */
  static async from_pretrained(source: ModelSource, options: PretrainedOptions = {}): Promise<Tokenizer> {
    checkOptions('AutoTokenizer.from_pretrained', options, pretrainedRules);
    const from = wireSource(source);
    const link = await linkOf(options);
    const wire = loadOptions(options);
    const info = await link.call((call) => link.request('loadTokenizer', call, from, wire), {
      ...options,
      discard: (late) => link.request('disposeTokenizer', late.tokenizer),
    });
    return new RemoteTokenizer(link, info, false);
  }
}

// biome-ignore lint/complexity/noStaticOnlyClass: transformers' name and form
export class AutoModel {
  /** @internal The class's name in error messages. Minifiers rename classes, but don't change this string. */
  static readonly name = 'AutoModel';
  /**
   * Loads a model without a head onto the GPU, with its tokenizer or image processor if it has one: an encoder, a decoder, a ViT, a
   * DINOv2, or the image tower of a CLIP or SigLIP. Its `embed` returns vectors of texts or images. Its modules have the names of
   * transformers' class without a head, such as 'encoder.layer.0.attention.self.query'. It can't be trained, but adapters that were trained
   * elsewhere, for example with PEFT's task type FEATURE_EXTRACTION, can be added to it. Rejects as `AutoModelForCausalLM.from_pretrained`
   * does.
   */
  static async from_pretrained(source: ModelSource, options: AutoModelOptions = {}): Promise<PreTrainedModel> {
    checkOptions('AutoModel.from_pretrained', options, autoModelRules);
    const { module_names } = options;
    const wire = { ...loadOptions(options), ...defined({ module_names }) };
    return loadModel(source, options, { ...wire, task: 'feature_extraction' });
  }
}

// biome-ignore lint/complexity/noStaticOnlyClass: transformers' name and form
export class AutoModelForCausalLM {
  /** @internal The class's name in error messages. Minifiers rename classes, but don't change this string. */
  static readonly name = 'AutoModelForCausalLM';
  /**
   * Loads a causal language model onto the GPU, with its tokenizer if it has one. Rejects with `insecure_context` on a page that isn't
   * https, `unsupported_device` without WebGPU, `unsupported_model` for an unknown architecture, `out_of_memory`, `device_lost`, and with
   * the errors of loading any file: `not_found`, `offline`, `timeout`, `http_error`, `gated_repo`, `integrity_mismatch`, `storage_corrupt`
   * for a damaged copy that can't be repaired, `invalid_format`.
   */
  static async from_pretrained(source: ModelSource, options: PretrainedOptions = {}): Promise<PreTrainedModel> {
    checkOptions('AutoModelForCausalLM.from_pretrained', options, pretrainedRules);
    return loadModel(source, options, loadOptions(options));
  }
}

// biome-ignore lint/complexity/noStaticOnlyClass: transformers' name and form
export class AutoModelForSequenceClassification {
  /** @internal The class's name in error messages. Minifiers rename classes, but don't change this string. */
  static readonly name = 'AutoModelForSequenceClassification';
  /**
   * Loads a classifier of texts onto the GPU, with its tokenizer if it has one. It predicts the class of a text, or a number if it has a
   * single label; with a `problem_type`, several labels at once, or several numbers. Its labels are those of config.json unless
   * `num_labels` or `id2label` give others. If the weights have no head, it is initialised as in transformers, with the same values at each
   * load. The session's warning `newly_initialized` reports this. For labels given in the options, the warning is `new_head`, which isn't
   * written to the console. In a folder of sentence-transformers, the head reads the vector that `embed` returns, unless `pooling` says
   * otherwise. Rejects as `AutoModelForCausalLM.from_pretrained` does, with `unsupported_model` also for models without such a head.
   */
  static async from_pretrained(source: ModelSource, options: TextClassifierOptions = {}): Promise<PreTrainedModel> {
    checkOptions('AutoModelForSequenceClassification.from_pretrained', options, textClassifierRules);
    const { pooling = 'auto' } = options;
    return loadModel(source, options, { ...classifierLoadOptions(options), pooling, task: 'sequence_classification' });
  }
}

// biome-ignore lint/complexity/noStaticOnlyClass: transformers' name and form
export class AutoModelForTokenClassification {
  /** @internal The class's name in error messages. Minifiers rename classes, but don't change this string. */
  static readonly name = 'AutoModelForTokenClassification';
  /**
   * Loads a classifier of tokens onto the GPU, with its tokenizer if it has one. It predicts a label for each token of a text. Labels, the
   * head and errors are as for `AutoModelForSequenceClassification.from_pretrained`. Examples are `{ tokens, labels }`, words with a label
   * each, or `{ input_ids, labels }`. A label is a name, a number, or −100 for a token that isn't learnt. `forward` gives logits
   * (B,T,num_labels).
   */
  static async from_pretrained(source: ModelSource, options: ClassifierOptions = {}): Promise<PreTrainedModel> {
    checkOptions('AutoModelForTokenClassification.from_pretrained', options, classifierRules);
    return loadModel(source, options, { ...classifierLoadOptions(options), task: 'token_classification' });
  }
}

// biome-ignore lint/complexity/noStaticOnlyClass: transformers' name and form
export class AutoModelForImageClassification {
  /** @internal The class's name in error messages. Minifiers rename classes, but don't change this string. */
  static readonly name = 'AutoModelForImageClassification';
  /**
   * Loads a classifier of images onto the GPU. It predicts the class of an image. Labels, the head and errors are as for
   * `AutoModelForSequenceClassification.from_pretrained`. `predict` and examples take images of any size, preprocessed as
   * processor_config.json or preprocessor_config.json says, or without both as the processor of the `model_type` does at the model's size.
   * If that file is for another size than the model's or for another processor, images reject with `invalid_format` or `unsupported_model`,
   * and only `pixel_values` are taken. `forward` takes `pixel_values` (B,C,H,W) and gives logits (B,num_labels).
   */
  static async from_pretrained(source: ModelSource, options: ImageClassifierOptions = {}): Promise<PreTrainedModel> {
    checkOptions('AutoModelForImageClassification.from_pretrained', options, imageClassifierRules);
    return loadModel(source, options, { ...classifierLoadOptions(options), task: 'image_classification' });
  }
}

/**
 * Loads a model from a source with the options `wire`, which are already checked. If the model is lost during a run, it is loaded again in
 * the same way.
 */
async function loadModel(source: ModelSource, options: PretrainedOptions, wire: LoadOptions): Promise<PreTrainedModel> {
  const from = wireSource(source);
  const link = await linkOf(options);
  const load = (how: LoadOptions, listening: PretrainedOptions): Promise<ModelInfo> =>
    link.call((call) => link.request('loadModel', call, from, how), {
      ...listening,
      discard: (late) => link.request('disposeModel', late.model),
    });
  const info = await load(wire, options);
  const { token } = options;
  return new RemoteModel(
    modelParts(link, info, nameOfSource(from), (signal) =>
      load({ ...wire, progress: false }, { signal, ...defined({ token }) }),
    ),
  );
}
