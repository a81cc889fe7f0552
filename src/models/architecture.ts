import { WebVeraError } from '../core/errors/error';
import type { Shape } from '../core/numbers/shape';
import type { HeadPooling } from '../core/pooling/pooling';
import type { ModuleInfo, ModuleNames, PretrainedConfig, TaskFacts } from '../core/types/model';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import type { AttentionHeads } from '../ops/attention/attention';
import type { Labels } from './labels';
import type { Layers } from './layers';

/** A tensor of a model's checkpoint. */
export interface WeightSpec {
  readonly name: string;
  /** The shape on the device: (out, in) for linear layers. */
  readonly shape: Shape;
  /** Vectors are always float32 on the device. */
  readonly kind: 'matrix' | 'vector';
  /** Set for a matrix that files store as (in, out). */
  readonly transposed?: boolean;
  /** The shape in files, if it differs: (C, 3, p, p) for a convolution of (C, 3·p·p) on the device. The numbers have the same order. */
  readonly storedShape?: Shape;
  /** The names that files may have for the tensor, if there are several. All are read, and the first is written. Default: `name`. */
  readonly storedNames?: readonly [string, ...(readonly string[])];
  /** Set for a tensor that files may lack, as a new head's: it is then drawn from a normal distribution of this deviation. */
  readonly initialStd?: number;
}

/** The shape that a tensor must have in files. */
export function fileShape({ shape, transposed = false, storedShape }: WeightSpec): Shape {
  return storedShape ?? (transposed ? shape.toReversed() : shape);
}

/** The names that a tensor may have in files. */
export function fileNames({ name, storedNames = [name] }: WeightSpec): readonly [string, ...(readonly string[])] {
  return storedNames;
}

/** The tokens that positions count. 'row': all of a row, padding included; 'mask': the mask's; 'ids': those whose id isn't padding's. */
export type PositionRule = 'row' | 'mask' | 'ids';

/** The position of padding by the rules 'mask' and 'ids': −1, as in transformers. The table has a row for it before the first. */
export const PADDING_POSITION = 0xffffffff;

/** A tensor that is computed once on the CPU, such as a rotary table. */
export interface ConstantSpec {
  readonly name: string;
  readonly shape: Shape;
  compute(): Float32Array<ArrayBuffer>;
}

/**
 * The inputs of networks, by transformers' names. For texts: token ids, positions and types of all rows, each u32 (N), flat. For
 * images: `pixel_values`, f32 (B·P, C·p·p), the pixels of each of P patches, and positions, u32 (N), of N = B·(P + 1) tokens.
 */
export type InputName = 'input_ids' | 'position_ids' | 'token_type_ids' | 'pixel_values';

/** The inputs of a forward pass, and its way to attend. */
export interface Inputs {
  value(name: InputName): Value;
  /**
   * Attention of a layer: over a batch in training, over a cache in generation. q: (N, H·D); k, v: (N, Hkv·D); returns
   * (N, H·D).
   */
  attend(layer: number, q: Value, k: Value, v: Value, heads: AttentionHeads): Value;
  constant(name: string): Value;
  /** Called before each of the network's blocks, and once after the last: each block may be recomputed to save memory. */
  block?(): void;
}

/** The rows in a network's tables of positions that only long texts use. */
export interface LongTexts {
  /** Texts of more tokens are long. */
  readonly after: number;
  /** Rows between a position of a short text and the same position of a long one. From `after` on, both rows are equal. */
  readonly offset: number;
}

/** Sizes of a network that reads texts. */
export interface TextSizes {
  readonly vocabSize: number;
  /** The longest sequence, in tokens. */
  readonly maxLength: number;
  /** The rule by which a document's tokens are numbered. */
  readonly positions: PositionRule;
  /** Set if positions of long texts have rows of their own. */
  readonly longTexts?: LongTexts | undefined;
  readonly eosTokenIds: readonly number[];
  readonly padTokenId: number | undefined;
  /** The number of types of tokens, such as those of a first and a second text. Set if `token_type_ids` is an input. */
  readonly typeVocabSize?: number;
}

/** Sizes of a network's images, which are square. */
export interface ImageSizes {
  readonly channels: number;
  /** Pixels of an image's edge. */
  readonly size: number;
  /** Pixels of a patch's edge. Pixels at the right and bottom that fill no patch are left out. */
  readonly patch: number;
  /** Patches of an image, which has one token more. */
  readonly patches: number;
}

/** Options of a network and its head beside their configuration. */
export interface NetworkOptions {
  /** The names that the modules get if releases of transformers differ in them. Default: those of the release in config.json. */
  readonly moduleNames?: ModuleNames | undefined;
  /** The pooling under a classifier's head of texts. Default: none, as in transformers' class. */
  readonly pooling?: HeadPooling | undefined;
}

/** A task's head: the modules over a network's hidden states. */
export interface Head {
  /** torch's class of the network and its head together: 'GPT2LMHeadModel'. */
  readonly className: string;
  /** In torch's order; they follow the network's. */
  readonly modules: readonly ModuleInfo[];
  readonly weights: readonly WeightSpec[];
  /** For each module without a weight in the file, the module whose weight it uses: a tied head. */
  readonly tied: ReadonlyMap<string, string>;
  /** The hidden states of a sequence that the head reads: all of them, one, or a vector pooled from all. */
  readonly reads: 'every token' | 'first token' | 'last token' | 'pooled tokens';
  /** Set for a head on one vector of all of a row's tokens. */
  readonly pooling?: HeadPooling;
  /** The linear layer that makes the logits of `features`. Set for heads that classify. */
  readonly lastLayer?: string;
  /** torch's name of the output embedding, which 'all-linear' leaves out. Set for language models. */
  readonly outputEmbedding?: string;
  /** The number of logits of a hidden state: entries of the vocabulary, or labels. */
  readonly outputs: number;
  /** Names of the classes, or of the predicted numbers. */
  readonly labels?: Labels;
  /** Features (N, size) of hidden states (N, C), from which its last layer makes the logits. Set for heads that classify. */
  readonly features?: { readonly size: number; of(g: Graph, layers: Layers, hidden: Value): Value };
  /** Logits (N, outputs) of hidden states (N, C). */
  logits(g: Graph, layers: Layers, hidden: Value): Value;
}

/** Makes a head for labels, which a language model's head doesn't use. */
export type MakeHead = (labels: Labels) => Head;

/** A network with its sizes: its modules, its tensors, and the function that it computes. */
export interface Network {
  readonly config: PretrainedConfig;
  /** Set for a network of texts. */
  readonly text?: TextSizes;
  /** Set for a network of images. */
  readonly image?: ImageSizes;
  /** The release of transformers whose names its modules have. Set if the releases differ. */
  readonly moduleNames?: ModuleNames;
  /** A hint for targets that name none of its modules. */
  readonly namesHint?: string;
  /** In the order of torch's `named_modules()`, without the model that holds the network. */
  readonly modules: readonly ModuleInfo[];
  readonly weights: readonly WeightSpec[];
  /** torch's name of the network. Files of a network without a head leave it out: 'wte', not 'transformer.wte'. */
  readonly prefix: string;
  readonly constants: readonly ConstantSpec[];
  /** Features of a hidden state: C. */
  readonly hiddenSize: number;
  /** Standard deviation of new weights, if config.json has a field for it. */
  readonly initialStd?: number;
  /** Hidden states after the last norm: (N, C). */
  hidden(g: Graph, layers: Layers, inputs: Inputs): Value;
  /** The modules that transformers' AutoModel has after the network, if there are some. Their names begin with 'pooler'. */
  readonly pooler?: Pick<Head, 'modules' | 'weights'>;
  /** The heads that transformers defines for this network. A task may also have one of its own. */
  readonly heads: Readonly<Partial<Record<'causal_lm' | 'sequence_classification' | 'image_classification', MakeHead>>>;
}

/** A network with the head of a task on it. */
export interface Architecture extends Omit<Network, 'heads' | 'pooler'> {
  readonly task: TaskFacts;
  readonly head: Head;
  /** The head's `tied`. */
  readonly tied: ReadonlyMap<string, string>;
}

/** Names of the matrices with a row for each token: those of embeddings, and of the output embedding. */
export function tokenMatrices({ modules, head }: Architecture): ReadonlySet<string> {
  const embeddings = modules.filter(({ type }) => type.includes('Embedding')).map(({ name }) => name);
  return new Set([...embeddings, head.outputEmbedding].map((name) => `${name}.weight`));
}

/** The sizes of a network's texts. Throws `unsupported_model` for a network that reads no texts. */
export function textSizes({ text, config }: Pick<Architecture, 'text' | 'config'>): TextSizes {
  if (text !== undefined) return text;
  throw new WebVeraError('unsupported_model', `Expected a model of texts, got model_type ${config.model_type}`);
}

/** The sizes of a network's images. Throws `unsupported_model` for a network that reads no images. */
export function imageSizes({ image, config }: Pick<Architecture, 'image' | 'config'>): ImageSizes {
  if (image !== undefined) return image;
  throw new WebVeraError('unsupported_model', `Expected a model of images, got model_type ${config.model_type}`);
}
