import type { Overlay } from '../../adapters/layers/overlay';
import { WebVeraError } from '../../core/errors/error';
import type { Warn, Warning } from '../../core/errors/warning';
import type { BatchToken, ResolvedGenerationConfig } from '../../core/types/generation';
import { textSizes } from '../../models/architecture';
import { expectTokens } from '../../tasks/texts/text_tokens';
import { StopStrings } from '../../tokenizer/streaming/stop_strings';
import { StreamDecoder } from '../../tokenizer/streaming/stream_decoder';
import type { TextTokenizer } from '../../tokenizer/tokenizer';
import type { Prompt } from '../protocol';
import type { BaseModel } from './base_model';

interface TextRequest {
  readonly prompts: readonly Prompt[];
  readonly config: ResolvedGenerationConfig;
  readonly overlay: Overlay;
  onToken(token: BatchToken): void;
  readonly signal: AbortSignal;
  readonly warn: Warn;
}

/**
 * Continues prompts in one batch. Reports each token, and resolves with the new texts, which are '' if the model has no tokenizer. Warns
 * about texts that end at their first token.
 */
export async function generateTexts(
  {
    generator,
    tokenizer,
    preprocessors: { stopTokens },
    loaded: { model },
  }: Pick<BaseModel, 'generator' | 'tokenizer' | 'preprocessors' | 'loaded'>,
  { prompts, config: given, overlay, onToken, signal, warn }: TextRequest,
): Promise<string[]> {
  const config = given.eos_token_id === undefined ? { ...given, eos_token_id: stopTokens } : given;
  if (!model.task.generates) throw notOfTexts(model.head.className);
  const ids = await Promise.all(prompts.map((prompt) => idsOf(tokenizer, prompt)));
  for (const row of ids) expectTokens(row, 'generate', textSizes(model));
  const texts = ids.map((row) => ({ decoder: tokenizer && new StreamDecoder(tokenizer, row), text: '', tokens: 0 }));
  const stops = stopsOf(tokenizer, ids, config.stop_strings);
  const endsWith = (row: number, id: number): boolean => stops[row]?.push(id) ?? false;
  for await (const { row, id, end } of generator.generate({ prompts: ids, config, overlay, signal, endsWith })) {
    const own = texts[row];
    // After the last token, the text that the decoder still holds back is added.
    const text =
      own?.decoder === undefined ? '' : own.decoder.push(id) + (end === undefined ? '' : own.decoder.finish());
    if (own !== undefined) {
      own.text += text;
      own.tokens++;
    }
    onToken({ row, token_id: id, text, ...(end && { end }) });
  }
  const empty = texts.filter(({ text, tokens }) => tokens === 1 && text === '').length;
  if (empty > 0 && tokenizer !== undefined && config.max_new_tokens > 1) warn(emptyTexts(empty, texts.length, config));
  return texts.map(({ text }) => text);
}

/** Returns the warning about texts that the model ended at their first token. */
function emptyTexts(count: number, of: number, { do_sample }: ResolvedGenerationConfig): Warning {
  const which = of === 1 ? 'The text is empty' : `${count} of ${of} texts are empty`;
  const other = do_sample ? 'another seed' : 'do_sample: true with a seed';
  return {
    code: 'empty_generation',
    message: `${which}: the model ended it at its first token. Try another prompt, ${other}, or eos_token_id: null, which never ends a text early`,
  };
}

function notOfTexts(className: string): WebVeraError {
  return new WebVeraError('invalid_argument', `generate: expected a causal language model, got ${className}`, {
    hint: 'Load it with AutoModelForCausalLM.from_pretrained to continue texts; classifiers give labels with predict(), those of tokens logits with forward().',
  });
}

/** Creates a detector of stop strings for each row; none if there are no stop strings. */
function stopsOf(
  tokenizer: TextTokenizer | undefined,
  ids: readonly (readonly number[])[],
  strings: readonly string[],
): StopStrings[] {
  if (strings.length === 0) return [];
  if (tokenizer !== undefined) return ids.map((row) => new StopStrings(tokenizer, row, strings));
  throw new WebVeraError('invalid_argument', 'generate: expected no stop_strings, because the model has no tokenizer', {
    hint: 'Load the model from a source that holds tokenizer.json, or name tokens to stop at: eos_token_id.',
  });
}

async function idsOf(tokenizer: TextTokenizer | undefined, prompt: Prompt): Promise<readonly number[]> {
  if (typeof prompt === 'object' && !('messages' in prompt)) return prompt;
  if (tokenizer !== undefined) {
    if (typeof prompt === 'string') return tokenizer.encode(prompt);
    const { text } = await tokenizer.renderChat({ ...prompt, add_generation_prompt: true, turns: false });
    return tokenizer.encode(text, { add_special_tokens: false });
  }
  throw new WebVeraError('invalid_argument', 'generate: expected token ids, because the model has no tokenizer', {
    hint: 'Load the model from a source that holds tokenizer.json.',
  });
}
