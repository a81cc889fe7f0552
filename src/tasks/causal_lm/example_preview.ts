import type { Preview } from '../../core/types/preview';
import type { SentExample } from '../../core/types/training';
import { type ExampleOptions, rowOfExample } from './row_of_example';

/** An example as a language model takes it in, cut to so many tokens. Throws what turning it into tokens throws. */
export async function previewOfExample(
  example: SentExample,
  where: string,
  { maxLength, ...options }: ExampleOptions & { readonly maxLength: number },
): Promise<Preview> {
  const { row } = await rowOfExample(example, where, { ...options, most: maxLength + 1 });
  const first = <T extends { slice(start: number, end: number): Iterable<number> }>(list: T): number[] => [
    ...list.slice(0, maxLength),
  ];
  const input_ids = first(row.input_ids);
  return {
    ...(options.tokenizer && { tokens: options.tokenizer.tokens(input_ids) }),
    input_ids,
    attention_mask: first(row.attention_mask),
    labels: first(row.labels),
    label: null,
    cut: row.input_ids.length > maxLength,
  };
}
