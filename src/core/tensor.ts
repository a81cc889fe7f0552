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

/** What `forward` is given, in its one checked form. All of one number of rows. */
export interface GivenInputs {
  readonly input_ids: IdTensor;
  readonly attention_mask?: IdTensor;
  readonly token_type_ids?: IdTensor;
  /** Of tokens, or a class or number for each row. */
  readonly labels?: IdTensor | RowLabels;
}

export interface RowLabels {
  readonly dims: readonly [B: number];
  readonly data: Float32Array;
}

export interface ModelInputs {
  readonly input_ids: IdMatrix;
  /** 1 for a token, 0 for padding. All ones by default. */
  readonly attention_mask?: IdMatrix;
  /** Of an encoder: 1 for the tokens of the second of two texts. All zeros by default. */
  readonly token_type_ids?: IdMatrix;
  /**
   * With labels, `loss` is computed. Of language models (B,T): −100 is ignored, and the logits at t are compared with the label
   * at t+1. Of classifiers one for each row: the class, or the number to be predicted.
   */
  readonly labels?: IdMatrix | readonly number[];
  /** An adapter for each row, active or not; '__base__' for none. By default the active ones serve all rows. */
  readonly adapter_names?: readonly string[] | null;
}
