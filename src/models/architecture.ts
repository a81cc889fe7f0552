import { WebVeraError } from '../core/errors/error';
import type { Shape } from '../core/numbers/shape';
import type { HeadPooling } from '../core/pooling/pooling';
import type { ModuleInfo, ModuleNames, PretrainedConfig, TaskFacts } from '../core/types/model';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import type { AttentionHeads } from '../ops/attention/attention';
import type { Labels } from './labels';
import type { Layers } from './layers';

/** A tensor in a model's weight files. */
export interface WeightSpec {
  readonly name: string;
  /** The shape on the device: (out, in) for linear layers. */
  readonly shape: Shape;
  /** Vectors are always float32 on the device. Matrices have the data type with which the model was loaded. */
  readonly kind: 'matrix' | 'vector';
  /** Set for a matrix that files store as (in, out). */
  readonly transposed?: boolean;
  /**
   * The shape in files, if it isn't `shape` or its transpose: (C, 3, p, p) for a convolution that is (C, 3·p·p) on the device. The order of
   * the numbers is the same in both shapes, unless `transposed` is set, too.
   */
  readonly storedShape?: Shape;
  /**
   * The names that files may use for the tensor, if there are several. Files are read with any of these names, and written with the first.
   * Default: `name`.
   */
  readonly storedNames?: readonly [string, ...(readonly string[])];
  /**
   * Set for a tensor that files may lack, such as a new head's. It is then drawn from a normal distribution with this standard deviation
   * and the mean `initialMean` (0 by default).
   */
  readonly initialStd?: number;
  readonly initialMean?: number;
}

/** Returns the shape that a tensor must have in files. */
export function fileShape({ shape, transposed = false, storedShape }: WeightSpec): Shape {
  return storedShape ?? (transposed ? shape.toReversed() : shape);
}

/** Returns the names that a tensor may have in files. */
export function fileNames({ name, storedNames = [name] }: WeightSpec): readonly [string, ...(readonly string[])] {
  return storedNames;
}

/**
 * The tokens that are counted to compute positions. 'row': all tokens of a row, with padding; 'mask': those in the attention mask; 'ids':
 * those whose id isn't the padding token's.
 */
export type PositionRule = 'row' | 'mask' | 'ids';

/**
 * The position of padding with the rules 'mask' and 'ids': −1, as in transformers. In a table of learned positions, padding has a row
 * before that of the first position.
 */
export const PADDING_POSITION = 0xffffffff;

/** A tensor that is computed once on the CPU, such as a rotary table. */
export interface ConstantSpec {
  readonly name: string;
  readonly shape: Shape;
  compute(): Float32Array<ArrayBuffer>;
}

/**
 * The names of a network's inputs, as in transformers. For texts: token ids, positions and token types of the N tokens in all rows, each
 * u32 (N). For images: `pixel_values`, f32 (B·P, C·p·p), the pixels of the P patches of each image, and positions, u32 (B·(P + 1)), of the
 * token for the whole image, if there is one, and the patches. Registers have no positions.
 */
export type InputName = 'input_ids' | 'position_ids' | 'token_type_ids' | 'pixel_values';

/** The inputs of a forward pass, and its implementation of attention. */
export interface Inputs {
  value(name: InputName): Value;
  /**
   * Computes the attention of a layer: over a batch in training, over a cache in generation. q: (N, H·D); k, v: (N, Hkv·D); returns (N,
   * H·D).
   */
  attend(layer: number, q: Value, k: Value, v: Value, heads: AttentionHeads): Value;
  /**
   * Computes the gated convolution of a layer over time, as `shortConv` does: over a batch in training, over a cache in generation. bcx:
   * (N, 3·C), weight: (K, C); returns (N, C).
   */
  convolve(layer: number, bcx: Value, weight: Value): Value;
  constant(name: string): Value;
  /**
   * Called before each of the network's blocks, and once after the last. The calls mark the boundaries of blocks for gradient
   * checkpointing, which recomputes blocks to save memory.
   */
  block?(): void;
}

/** The rows that only long texts use in a network's tables of positions. */
export interface LongTexts {
  /** Texts with more tokens than this are long. */
  readonly after: number;
  /**
   * The number of rows between a position's row for short texts and its row for long texts. From position `after` on, both rows are equal.
   */
  readonly offset: number;
}

/** The sizes of a network that reads texts. */
export interface TextSizes {
  readonly vocabSize: number;
  /** The longest sequence, in tokens. */
  readonly maxLength: number;
  /** The rule by which the tokens of a document are numbered. */
  readonly positions: PositionRule;
  /** Set if the table of positions has separate rows for long texts. */
  readonly longTexts?: LongTexts | undefined;
  readonly eosTokenIds: readonly number[];
  readonly padTokenId: number | undefined;
  /** The number of token types, such as the first and the second text of a pair. Set if `token_type_ids` is an input. */
  readonly typeVocabSize?: number;
}

/** The sizes of a network's images, which are square. */
export interface ImageSizes {
  readonly channels: number;
  /** The length of an image's edge in pixels. */
  readonly size: number;
  /** The length of a patch's edge in pixels. Pixels at the right and bottom that don't fill a patch are ignored. */
  readonly patch: number;
  /** The number of patches in an image. Each of them is a token, after the token for the whole image. */
  readonly patches: number;
  /** The number of tokens for the whole image. Default: 1. */
  readonly classTokens?: 0 | 1;
  /** The number of register tokens, which come before all other tokens and represent no part of the image. Default: 0. */
  readonly registers?: number;
}

/** Returns the number of tokens of an image. */
export function imageTokens(image: ImageSizes): number {
  return (image.registers ?? 0) + placedTokens(image);
}

/** Returns the number of an image's tokens that have positions: all except registers. */
export function placedTokens({ patches, classTokens = 1 }: ImageSizes): number {
  return classTokens + patches;
}

/** Options of a network and its head that config.json doesn't contain. */
export interface NetworkOptions {
  /** The transformers version whose module names are used, if versions differ in them. Default: the version that wrote config.json. */
  readonly moduleNames?: ModuleNames | undefined;
  /** The pooling whose result a text classifier's head reads. Default: no pooling, as in transformers' class. */
  readonly pooling?: HeadPooling | undefined;
  /**
   * The edge in pixels of the images that the folder's image processor makes, for networks that read images of several sizes. Default:
   * config.json's size.
   */
  readonly imageSize?: number | undefined;
}

/** A task's head: the modules that read a network's hidden states. */
export interface Head {
  /** The name of transformers' class for the network with its head, such as 'GPT2LMHeadModel'. */
  readonly className: string;
  /** The head's modules in torch's order. They come after the network's modules. */
  readonly modules: readonly ModuleInfo[];
  /** The head's tensors, which files may lack if the head is tied. */
  readonly weights: readonly WeightSpec[];
  /** For each module of a tied head, the module whose weight it shares. */
  readonly tied: ReadonlyMap<string, string>;
  /**
   * The hidden states of a sequence that the head reads: all of them, one of them, or a vector pooled from all. 'image and patches': the
   * hidden state of the token for the whole image, followed by the mean of the patches' hidden states; 'patches': only that mean.
   */
  readonly reads: 'every token' | 'first token' | 'last token' | 'pooled tokens' | 'image and patches' | 'patches';
  /** Set for a head that reads one vector pooled from all tokens of a row. */
  readonly pooling?: HeadPooling;
  /** The name of the linear layer that computes the logits from the features. Set for classifiers. */
  readonly lastLayer?: string;
  /** The name of the output embedding's module, which `target_modules: 'all-linear'` excludes. Set for language models. */
  readonly outputEmbedding?: string;
  /** The number of logits for each hidden state: the size of the vocabulary, or the number of labels. */
  readonly outputs: number;
  /** The labels of a classifier: the names of its classes, or of the numbers that it predicts. */
  readonly labels?: Labels;
  /** Computes the features (N, size) of hidden states (N, C), from which the last layer computes the logits. Set for classifiers. */
  readonly features?: { readonly size: number; of(g: Graph, layers: Layers, hidden: Value): Value };
  /** Computes the logits (N, outputs) of hidden states (N, C). */
  logits(g: Graph, layers: Layers, hidden: Value): Value;
}

/** Creates a head for labels. A language model's head ignores them. */
export type MakeHead = (labels: Labels) => Head;

type HeadName = 'causal_lm' | 'sequence_classification' | 'image_classification' | 'token_classification';

/** A network, without a head: its sizes, its modules, its tensors, and its forward pass. */
export interface Network {
  readonly config: PretrainedConfig;
  /** Set for a network that reads texts. */
  readonly text?: TextSizes;
  /** Set for a network that reads images. */
  readonly image?: ImageSizes;
  /** The transformers version whose module names the network uses. Set if the names differ between versions. */
  readonly moduleNames?: ModuleNames;
  /** The hint in the error for `target_modules` that match no module of the network. */
  readonly namesHint?: string;
  /** The field of config.json because of which the network lacks a head that other networks of its `model_type` have. */
  readonly variant?: string;
  /** The modules in the order of torch's `named_modules()`, without the model that contains the network. */
  readonly modules: readonly ModuleInfo[];
  readonly weights: readonly WeightSpec[];
  /** The network's name in torch. Files of a network without a head omit this prefix of names: 'wte', not 'transformer.wte'. */
  readonly prefix: string;
  readonly constants: readonly ConstantSpec[];
  /** The number of features of a hidden state: C. */
  readonly hiddenSize: number;
  /** The standard deviation of new weights, if config.json has a field for it. */
  readonly initialStd?: number;
  /** Computes the hidden states after the last norm: (N, C). */
  hidden(g: Graph, layers: Layers, inputs: Inputs): Value;
  /** The modules that transformers' AutoModel adds after the network, and the vectors of images that they compute. Set if there are any. */
  readonly pooler?: Pick<Head, 'modules' | 'weights'> & Pick<Network, 'imageVectors'>;
  /**
   * The transformers class in which the network is a named module, with `pooler` beside it. If it is set, the names of modules and tensors
   * begin with the network's name even without a head: 'vision_model.encoder', not 'encoder'.
   */
  readonly headlessClass?: string;
  /**
   * Computes the vectors of images from hidden states (N, C), as transformers does. The first row of each image in the result is its
   * vector. Default: the hidden states.
   */
  imageVectors?(g: Graph, layers: Layers, hidden: Value, attend: Inputs['attend']): Value;
  /** The heads that transformers defines for this network. A task may add a head that transformers lacks. */
  readonly heads: Readonly<Partial<Record<HeadName, MakeHead>>>;
}

/** A network with the head of a task. */
export interface Architecture extends Omit<Network, 'heads' | 'pooler' | 'headlessClass'> {
  readonly task: TaskFacts;
  readonly head: Head;
  /** The tensors of the network and of a head that isn't tied. */
  readonly weights: readonly WeightSpec[];
  /** The head's `tied`; empty if the head is no longer tied (see `untied`). */
  readonly tied: ReadonlyMap<string, string>;
}

/** Returns the names of the matrices of all embeddings (of tokens, positions and token types) and of the output embedding. */
export function tokenMatrices({ modules, head }: Architecture): ReadonlySet<string> {
  const embeddings = modules.filter(({ type }) => type.includes('Embedding')).map(({ name }) => name);
  return new Set([...embeddings, head.outputEmbedding].map((name) => `${name}.weight`));
}

/** Returns the sizes of a network that reads texts. Throws `unsupported_model` for another network. */
export function textSizes({ text, config }: Pick<Architecture, 'text' | 'config'>): TextSizes {
  if (text !== undefined) return text;
  throw new WebVeraError('unsupported_model', `Expected a model of texts, got model_type ${config.model_type}`);
}

/** Returns the sizes of a network that reads images. Throws `unsupported_model` for another network. */
export function imageSizes({ image, config }: Pick<Architecture, 'image' | 'config'>): ImageSizes {
  if (image !== undefined) return image;
  throw new WebVeraError('unsupported_model', `Expected a model of images, got model_type ${config.model_type}`);
}
