import { WebVeraError } from '../core/errors/error';
import type { Shape } from '../core/numbers/shape';
import type { ModuleInfo, ModuleNames, PretrainedConfig, TaskName } from '../core/types/model';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import type { AttentionHeads } from '../ops/attention/attention';
import type { Labels } from './labels';
import type { Layers } from './layers';

/** A tensor that the checkpoint must hold. */
export interface WeightSpec {
  readonly name: string;
  /** As it lies on the device: (out, in) for linear layers. */
  readonly shape: Shape;
  /** Only matrices may stay in float16. */
  readonly kind: 'matrix' | 'vector';
  /** Set for a matrix that lies (in, out) in the file. */
  readonly transposed?: boolean;
  /** The file's shape of the same numbers in the same order: (C, 3, p, p) of a convolution that lies as (C, 3·p·p). */
  readonly storedShape?: Shape;
  /** Its names in files, where its own isn't the only one: all are read, and the first is written. */
  readonly storedNames?: readonly [string, ...(readonly string[])];
  /** Set for a tensor that may be absent, as a new head's: it is then drawn from a normal distribution of this deviation. */
  readonly initialStd?: number;
}

/** The shape that the file must give. */
export function fileShape({ shape, transposed = false, storedShape }: WeightSpec): Shape {
  return storedShape ?? (transposed ? shape.toReversed() : shape);
}

/** The names that files may have for it. */
export function fileNames({ name, storedNames = [name] }: WeightSpec): readonly [string, ...(readonly string[])] {
  return storedNames;
}

/** By the row, padding included; by the mask's real tokens alone; or by the tokens whose id isn't that of padding. */
export type PositionRule = 'row' | 'mask' | 'ids';

/** The position of padding by the rules 'mask' and 'ids': −1, as transformers has it. The table has a row for it before the first. */
export const PADDING_POSITION = 0xffffffff;

/** A tensor that is computed once on the CPU, such as a rotary table. */
export interface ConstantSpec {
  readonly name: string;
  readonly shape: Shape;
  compute(): Float32Array<ArrayBuffer>;
}

/**
 * What networks take in, by transformers' names. Of texts: u32 (N), token ids, positions and types of all rows, flat. Of images:
 * `pixel_values`, f32 (B·P, C·p·p), the pixels of each of P patches, and u32 (N) positions of B·(P + 1) tokens.
 */
export type InputName = 'input_ids' | 'position_ids' | 'token_type_ids' | 'pixel_values';

/** What a pass gives to a network. */
export interface Inputs {
  value(name: InputName): Value;
  /**
   * How a layer's queries meet its keys: over a batch in training, over a cache in generation.
   * q: (N, H·D); k, v: (N, Hkv·D); gives (N, H·D).
   */
  attend(layer: number, q: Value, k: Value, v: Value, heads: AttentionHeads): Value;
  constant(name: string): Value;
  /** Called as each of the network's blocks begins, and once behind the last: between them memory may be saved. */
  block?(): void;
}

/** Where a network's tables of positions have rows of their own for long texts. */
export interface LongTexts {
  /** Texts of more tokens are long. */
  readonly after: number;
  /** How far the rows of a long text's positions lie behind those of a short one's. Those from `after` on are the same. */
  readonly offset: number;
}

/** Of the texts that a network takes in. */
export interface TextSizes {
  readonly vocabSize: number;
  /** The longest sequence, in tokens. */
  readonly maxLength: number;
  /** How the tokens of a document are numbered. */
  readonly positions: PositionRule;
  /** Set where positions of long texts mean something else. */
  readonly longTexts?: LongTexts | undefined;
  readonly eosTokenIds: readonly number[];
  readonly padTokenId: number | undefined;
  /** Types of tokens, as the first and the second text have. Set where it takes in `token_type_ids`. */
  readonly typeVocabSize?: number;
}

/** Of the images that a network takes in, which are square. */
export interface ImageSizes {
  readonly channels: number;
  /** Pixels of an image's edge. */
  readonly size: number;
  /** Pixels of a patch's edge. What is left over of an image at its right and bottom isn't seen. */
  readonly patch: number;
  /** Patches of an image. It has one token more. */
  readonly patches: number;
}

/** How a network is made, beside its configuration. */
export interface NetworkOptions {
  /** By default config.json tells, where a network has both. */
  readonly moduleNames?: ModuleNames | undefined;
}

/** What stands on a network for a task. */
export interface Head {
  /** torch's class of both together: 'GPT2LMHeadModel'. */
  readonly className: string;
  /** In torch's order, in which they follow the network's. */
  readonly modules: readonly ModuleInfo[];
  readonly weights: readonly WeightSpec[];
  /** Modules that have no weight of their own in the file, and the module whose weight they use: a tied head. */
  readonly tied: ReadonlyMap<string, string>;
  /** What it reads of a sequence: all of its hidden states, or one. */
  readonly reads: 'every token' | 'first token' | 'last token';
  /** torch's name of the output embedding, which 'all-linear' leaves out. Only language models have one. */
  readonly outputEmbedding?: string;
  /** Logits of a hidden state: entries of the vocabulary, or labels. */
  readonly outputs: number;
  /** Of classes, or of the one number that is predicted. */
  readonly labels?: Labels;
  /** Logits (N, outputs) of hidden states (N, C). */
  logits(g: Graph, layers: Layers, hidden: Value): Value;
}

/** A network with its sizes filled in: what it is made of, and the function that it computes. */
export interface Network {
  readonly config: PretrainedConfig;
  /** Set where it takes in texts. */
  readonly text?: TextSizes;
  /** Set where it takes in images. */
  readonly image?: ImageSizes;
  /** Whose names its modules have, where transformers' releases differ. */
  readonly moduleNames?: ModuleNames;
  /** What is to be said of its modules' names where none of them is meant. */
  readonly namesHint?: string;
  /** In the order of torch's `named_modules()`, without the model around it. */
  readonly modules: readonly ModuleInfo[];
  readonly weights: readonly WeightSpec[];
  /** torch's name of the network. Files of that alone leave it out: 'wte', not 'transformer.wte'. */
  readonly prefix: string;
  readonly constants: readonly ConstantSpec[];
  /** Hidden states after the last norm: (N, C). */
  hidden(g: Graph, layers: Layers, inputs: Inputs): Value;
  /** By what it can be used for. */
  readonly heads: Readonly<Partial<Record<TaskName, (labels: Labels) => Head>>>;
}

/** A network with the head of a task on it. */
export interface Architecture extends Omit<Network, 'heads'> {
  readonly task: TaskName;
  readonly head: Head;
  /** As the head's. */
  readonly tied: ReadonlyMap<string, string>;
}

/** Names of the matrices whose rows stand for tokens: those of embeddings, and of the output embedding. */
export function tokenMatrices({ modules, head }: Architecture): ReadonlySet<string> {
  const embeddings = modules.filter(({ type }) => type.includes('Embedding')).map(({ name }) => name);
  return new Set([...embeddings, head.outputEmbedding].map((name) => `${name}.weight`));
}

/** The sizes of its texts. Throws `unsupported_model` for a network that takes in something else. */
export function textSizes({ text, config }: Pick<Architecture, 'text' | 'config'>): TextSizes {
  if (text !== undefined) return text;
  throw new WebVeraError('unsupported_model', `Expected a model of texts, got model_type ${config.model_type}`);
}

/** The sizes of its images. Throws `unsupported_model` for a network that takes in something else. */
export function imageSizes({ image, config }: Pick<Architecture, 'image' | 'config'>): ImageSizes {
  if (image !== undefined) return image;
  throw new WebVeraError('unsupported_model', `Expected a model of images, got model_type ${config.model_type}`);
}
