import { isJsonObject, type JsonObject } from '../../core/input/fields';
import { type ClassStages, className, classStages } from './tokenizer_classes';

/** Returns a parsed tokenizer.json with other stages. */
export type ReplaceStages = (tokenizer: JsonObject) => JsonObject;

/** Llama 2's tokenizer class. For the `model_type`s in `GENERIC_MODELS`, transformers uses a generic class instead. */
const LLAMA = 'LlamaTokenizer';
const GENERIC_MODELS = ['mistral', 'olmo2', 'phi3', 'qwen2'];

/** Whether the `model_type` decides how transformers reads a folder with this tokenizer_config.json. */
export function needsModelType({ tokenizer_class }: JsonObject): boolean {
  return ['', LLAMA].includes(className(tokenizer_class));
}

/**
 * Returns a function that replaces some stages of a tokenizer.json by stages made from tokenizer_config.json, as transformers' classes do.
 * Undefined for a class whose rules are only in tokenizer.json.
 */
export function configuredStages(config: JsonObject, modelType: string | undefined): ReplaceStages | undefined {
  if (className(config.tokenizer_class) === LLAMA) {
    return GENERIC_MODELS.includes(modelType ?? '') ? undefined : (tokenizer) => withLlamaStages(tokenizer, config);
  }
  const stages = classStages(config, modelType);
  return stages && ((tokenizer) => withStages(tokenizer, stages));
}

/** Replaces stages of a tokenizer.json. A stage isn't replaced by a `typed` stage of another type, because it is specific to this file. */
function withStages(tokenizer: JsonObject, { typed, fixed }: ClassStages): JsonObject {
  const isSame = (stage: unknown, own: unknown): boolean =>
    isJsonObject(stage) && isJsonObject(own) && stage.type === own.type;
  const replaced = Object.entries(typed).filter(([name, stage]) => isSame(stage, tokenizer[name]));
  return { ...tokenizer, ...Object.fromEntries(replaced), ...fixed };
}

/** Replaces stages of any type by those of Llama 2's tokenizer class. */
function withLlamaStages(tokenizer: JsonObject, { add_prefix_space, legacy }: JsonObject): JsonObject {
  // Folders of Llama 3 may name this class, too, but their tokens are bytes.
  if (JSON.stringify([tokenizer.pre_tokenizer, tokenizer.decoder]).includes('"ByteLevel"')) return tokenizer;
  const [replacement, content, isSpaced] = ['\u2581', ' ', add_prefix_space !== false];
  const prepend_scheme = isSpaced ? (legacy === true ? 'always' : 'first') : 'never';
  const spaces = { type: 'Replace', pattern: { String: replacement }, content };
  const decoders = [spaces, { type: 'ByteFallback' }, { type: 'Fuse' }];
  return {
    ...tokenizer,
    normalizer: null,
    pre_tokenizer: { type: 'Metaspace', replacement, prepend_scheme, split: false },
    decoder: {
      type: 'Sequence',
      decoders: isSpaced ? [...decoders, { type: 'Strip', content, start: 1, stop: 0 }] : decoders,
    },
  };
}
