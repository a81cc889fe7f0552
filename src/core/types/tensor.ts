/** Numbers with a shape, row-major. */
export interface Tensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/**
 * Token ids or labels, (B,T): one array per row, or flat with dims, as tensors of transformers.js have them, whose ids are
 * large integers. All rows have one length.
 */
export type IdMatrix =
  | readonly ArrayLike<number | bigint>[]
  | { readonly dims: readonly number[]; readonly data: ArrayLike<number | bigint> };

/** An `IdMatrix` in its one checked form: `data.length` is B·T, every entry an integer. */
export interface IdTensor {
  readonly dims: readonly [B: number, T: number];
  readonly data: Int32Array;
}

/** The pixels of images as preprocessing leaves them: `data.length` is B·C·H·W. */
export interface PixelTensor {
  readonly dims: readonly [B: number, C: number, H: number, W: number];
  readonly data: Float32Array;
}

/** What `forward` is given, in its one checked form. */
export type GivenInputs = GivenTexts | GivenImages;

/** All of one number of rows. */
export interface GivenTexts {
  readonly input_ids: IdTensor;
  readonly attention_mask?: IdTensor;
  readonly token_type_ids?: IdTensor;
  /** Of tokens, or of classifiers of each row. */
  readonly labels?: IdTensor | RowLabels;
}

export interface GivenImages {
  readonly pixel_values: PixelTensor;
  readonly labels?: RowLabels;
}

export function rowsOf(inputs: GivenInputs): number {
  return ('input_ids' in inputs ? inputs.input_ids : inputs.pixel_values).dims[0];
}

/** A class or a number for each row, or a number for each of its labels. */
export interface RowLabels {
  readonly dims: readonly [B: number] | readonly [B: number, labels: number];
  readonly data: Float32Array;
}

/** Either `input_ids` or `pixel_values`. */
export interface ModelInputs {
  /** Of models of texts. */
  readonly input_ids?: IdMatrix;
  /** Of models of images: (B,C,H,W), as the model's preprocessing leaves them. */
  readonly pixel_values?: Tensor;
  /** 1 for a token, 0 for padding. All ones by default. */
  readonly attention_mask?: IdMatrix;
  /** Of an encoder: 1 for the tokens of the second of two texts. All zeros by default. */
  readonly token_type_ids?: IdMatrix;
  /**
   * With labels, `loss` is computed. Of language models (B,T): −100 is ignored, and the logits at t are compared with the label
   * at t+1. Of classifiers one for each row: the class, or the number to be predicted; (B,num_labels) of those that tell several
   * labels at once, from 0 to 1 for each, or several numbers.
   */
  readonly labels?: IdMatrix | readonly number[];
  /** An adapter for each row, active or not; '__base__' for none. By default the active ones serve all rows. */
  readonly adapter_names?: readonly string[] | null;
}
