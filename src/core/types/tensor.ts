/** Numbers with a shape, in row-major order. */
export interface Tensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/**
 * Token ids or labels, (B,T): one array per row, or a flat array with dims like the tensors of transformers.js, whose ids are bigints. All
 * rows have the same length.
 */
export type IdMatrix =
  | readonly ArrayLike<number | bigint>[]
  | { readonly dims: readonly number[]; readonly data: ArrayLike<number | bigint> };

/** An `IdMatrix` after validation: `data.length` is B·T, and every entry is an integer. */
export interface IdTensor {
  readonly dims: readonly [B: number, T: number];
  readonly data: Int32Array;
}

/** The pixels of preprocessed images: `data.length` is B·C·H·W. */
export interface PixelTensor {
  readonly dims: readonly [B: number, C: number, H: number, W: number];
  readonly data: Float32Array;
}

/** The inputs of `forward` after validation. */
export type GivenInputs = GivenTexts | GivenImages;

/** Validated inputs of a text model. All tensors have the same number of rows. */
export interface GivenTexts {
  readonly input_ids: IdTensor;
  readonly attention_mask?: IdTensor;
  readonly token_type_ids?: IdTensor;
  /** Labels for tokens, or for rows if the model classifies whole texts. */
  readonly labels?: IdTensor | RowLabels;
}

export interface GivenImages {
  readonly pixel_values: PixelTensor;
  readonly labels?: RowLabels;
}

export function rowsOf(inputs: GivenInputs): number {
  return ('input_ids' in inputs ? inputs.input_ids : inputs.pixel_values).dims[0];
}

/** A class or a number for each row, or one number for each of the row's labels. */
export interface RowLabels {
  readonly dims: readonly [B: number] | readonly [B: number, labels: number];
  readonly data: Float32Array;
}

/** The inputs of `forward`: either `input_ids` or `pixel_values`. */
export interface ModelInputs {
  /** For text models: the token ids. */
  readonly input_ids?: IdMatrix;
  /** For image models: (B,C,H,W), as the model's preprocessing returns them. */
  readonly pixel_values?: Tensor;
  /** 1 for a token, 0 for padding. Default: all ones. */
  readonly attention_mask?: IdMatrix;
  /** For encoders: 1 for the tokens of the second of two texts. Default: all zeros. */
  readonly token_type_ids?: IdMatrix;
  /**
   * With labels, `loss` is computed. Language models take (B,T): −100 is ignored, and the logits at t are compared with the label at t+1.
   * Classifiers of tokens take (B,T): −100 is ignored, and the logits at t are compared with the label at t. Other classifiers take one
   * label for each row: the class, or the number to predict; multi-label models take (B,num_labels) numbers from 0 to 1, and models that
   * predict several numbers take (B,num_labels) numbers.
   */
  readonly labels?: IdMatrix | readonly (number | bigint)[];
  /** The adapter for each row, even if it isn't active; '__base__' for the base model. Default: the active adapters for all rows. */
  readonly adapter_names?: readonly string[] | null;
}
