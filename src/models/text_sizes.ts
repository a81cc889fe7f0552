import type { PositionRule, TextSizes } from './architecture';
import { LONGEST, type SpecialTokens } from './config_fields';

/** Returns the sizes of a network that reads texts and has positions for `maxPositions` tokens. */
export function textSizesOf(
  { vocab_size, eos_token_ids, pad_token_id }: SpecialTokens & { readonly vocab_size: number },
  maxPositions: number,
  positions: PositionRule,
): TextSizes {
  return {
    vocabSize: vocab_size,
    maxLength: Math.min(maxPositions, LONGEST),
    positions,
    eosTokenIds: eos_token_ids,
    padTokenId: pad_token_id ?? undefined,
  };
}
