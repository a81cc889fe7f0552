import type { Runner } from '../../graph/runner';
import { pinned, type Value } from '../../graph/value';
import type { TextSizes } from '../../models/architecture';
import { attentionSpans } from '../../ops/attention/attention_spans';
import type { BatchInputs, BatchShape } from '../task/task_batches';
import { positionIds } from './positions';

/** The inputs of a network that reads texts. N = B·T. */
export interface TextInputs extends BatchInputs {
  /** u32 (N) each. */
  readonly network: {
    readonly input_ids: Value;
    readonly position_ids: Value;
    readonly token_type_ids?: Value;
  };
}

/** A batch of texts for the device. Each array is (N). */
export interface TextArrays extends BatchShape {
  readonly input_ids: Uint32Array<ArrayBuffer>;
  /** 0 for padding. All other values number documents: a new document begins where the value changes within a row. */
  readonly attention_mask: Uint32Array<ArrayBuffer>;
  readonly token_type_ids?: Uint32Array<ArrayBuffer>;
}

export function textInputs({ B, T }: BatchShape, { typeVocabSize }: TextSizes): TextInputs {
  const flat = (name: string): Value => pinned(name, [B * T], 'u32');
  return {
    network: {
      input_ids: flat('input_ids'),
      position_ids: flat('positions'),
      ...(typeVocabSize !== undefined && { token_type_ids: flat('token types') }),
    },
    spans: pinned('spans', [B, T, 2], 'u32'),
  };
}

export function writeTexts(runner: Runner, { network, spans }: TextInputs, batch: TextArrays, text: TextSizes): void {
  const { input_ids, attention_mask, token_type_ids, T } = batch;
  const ofBatch = attentionSpans(attention_mask, T);
  const counted = text.positions === 'ids' ? spansOfIds(input_ids, T, text) : ofBatch;
  runner.write(network.input_ids, input_ids);
  runner.write(network.position_ids, positionIds(batch, counted, text));
  if (network.token_type_ids && token_type_ids) runner.write(network.token_type_ids, token_type_ids);
  runner.write(spans, ofBatch);
}

/** Returns attention spans that treat exactly the tokens with the padding id as padding, and ignore the attention mask. */
function spansOfIds(input_ids: Uint32Array, T: number, { padTokenId }: TextSizes): Uint32Array {
  return attentionSpans(
    input_ids.map((id) => Number(id !== padTokenId)),
    T,
  );
}
