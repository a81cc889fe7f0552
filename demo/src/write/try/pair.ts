import type { AnyAdaptedModel, PreTrainedModel } from 'webvera';

export interface PairRequest {
  readonly prompt: string;
  readonly seed: number;
  readonly max_new_tokens: number;
  readonly signal: AbortSignal;
}

export type Side = 'before' | 'after';
const SIDES: readonly Side[] = ['before', 'after'];

/** Sampling that suits small models: no rare words, and few repetitions. */
export const SAMPLING = { do_sample: true, temperature: 0.6, top_p: 0.9, top_k: 40, repetition_penalty: 1.05 } as const;

/** Continues a prompt with the base model and, in the same batch, with a voice (an adapter that writes in somebody's style), if any. */
export async function writePair(
  base: PreTrainedModel,
  voice: AnyAdaptedModel | undefined,
  { prompt, ...request }: PairRequest,
  onText: (side: Side, text: string) => void,
): Promise<void> {
  const input = await promptIds(base, prompt);
  const config = { ...SAMPLING, ...request };
  if (voice === undefined) {
    for await (const { text } of base.generate(input, config)) onText('before', text);
    return;
  }
  const adapter_names = ['__base__', 'default'];
  const tokens = voice.generate_batch([input, input], { ...config, adapter_names });
  for await (const { row, text } of tokens) onText(SIDES[row] ?? 'after', text);
}

/** The prompt's tokens, beginning with the tokenizer's token for the start of a document, if it has one. */
export async function promptIds({ tokenizer }: PreTrainedModel, prompt: string): Promise<number[] | string> {
  if (tokenizer === undefined) return prompt;
  const ids = await tokenizer.encode(prompt);
  const start = tokenizer.bos_token_id;
  return start === null || ids[0] === start ? ids : [start, ...ids];
}
