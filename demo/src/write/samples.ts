import type { PreTrainedModel } from 'webvera';
import type { ActiveAdapter, ReadyModel } from './state';

export interface SampleRequest {
  readonly prompt: string;
  readonly seed: number;
  readonly max_new_tokens: number;
  readonly signal: AbortSignal;
}

export type Side = 'before' | 'after';

/** Continues a prompt with one seed: first with the base model, then with the adapter, if any. */
export async function writeSamples(
  { base }: ReadyModel,
  active: ActiveAdapter | undefined,
  request: SampleRequest,
  onText: (side: Side, text: string) => void,
): Promise<void> {
  const before = (text: string): void => onText('before', text);
  if (active === undefined) return write(base, request, before);
  const { vera } = active;
  await vera.disable_adapter(() => write(vera, request, before));
  await write(vera, request, (text) => onText('after', text));
}

async function write(
  model: PreTrainedModel,
  { prompt, seed, max_new_tokens, signal }: SampleRequest,
  onText: (text: string) => void,
): Promise<void> {
  const input = (await promptIds(model, prompt)) ?? prompt;
  const config = { max_new_tokens, do_sample: true, temperature: 0.8, top_k: 40, seed, signal };
  for await (const { text } of model.generate(input, config)) onText(text);
}

/** The prompt's tokens, beginning with the tokenizer's token for the start of a document, if it has one. */
async function promptIds({ tokenizer }: PreTrainedModel, prompt: string): Promise<number[] | undefined> {
  if (tokenizer === undefined) return undefined;
  const ids = await tokenizer.encode(prompt);
  const start = tokenizer.bos_token_id;
  return start === null || ids[0] === start ? ids : [start, ...ids];
}
