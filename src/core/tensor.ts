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

export interface ModelInputs {
  readonly input_ids: IdMatrix;
  /** 1 for a token, 0 for padding. All ones by default. */
  readonly attention_mask?: IdMatrix;
  /** −100 is ignored; the logits at t are compared with the label at t+1. With labels, `loss` is computed. */
  readonly labels?: IdMatrix;
  /** An adapter for each row, active or not; '__base__' for none. By default the active ones serve all rows. */
  readonly adapter_names?: readonly string[] | null;
}
