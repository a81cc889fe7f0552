import { wordOf } from '../../reference/rows/words';

export interface BlockFields {
  readonly step?: number;
  readonly micro_step?: number;
  readonly labelled?: number;
  readonly learning_rate?: number;
  readonly inverse_tokens?: number;
  readonly bias_correction1?: number;
  readonly bias_correction2?: number;
}

/** Returns the 32-bit words of a step block, a training step's inputs to shaders (see step_block.wgsl), for the reference's `Memory`. */
export function blockWords(fields: BlockFields): Float64Array {
  return Float64Array.of(
    fields.step ?? 1,
    fields.micro_step ?? 0,
    fields.labelled ?? 0,
    0,
    wordOf(fields.learning_rate ?? 0),
    wordOf(fields.inverse_tokens ?? 1),
    wordOf(fields.bias_correction1 ?? 1),
    wordOf(fields.bias_correction2 ?? 1),
  );
}
