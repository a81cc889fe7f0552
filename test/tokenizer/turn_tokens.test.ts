import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mayMarkTurns } from '../../src/tokenizer/turn_tokens';

const withTokens = (...contents: readonly string[]): string =>
  JSON.stringify({
    added_tokens: contents.map((content, id) => ({ id, content, special: true })),
    model: { vocab: {} },
  });

test.each([
  ['ChatML', '<|endoftext|>', '<|im_start|>', '<|im_end|>'],
  ['Llama 3', '<|begin_of_text|>', '<|start_header_id|>'],
  ['Gemma', '<pad>', '<bos>', '<start_of_turn>'],
  ['Mistral', '<s>', '[INST]'],
])('tokens of %s may mark turns', (_, ...contents) => {
  expect(mayMarkTurns(withTokens(...contents))).toBe(true);
});

test.each([
  ['GPT-2', '<|endoftext|>'],
  ['BERT', '[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '[unused12]'],
  ['RoBERTa', '<s>', '<pad>', '</s>', '<unk>', '<mask>'],
  ['Gemma without turns', '<pad>', '<eos>', '<bos>', '<unk>', '<unused0>'],
  ['a quote', '"', 'a"b'],
])('tokens of %s mark none', (_, ...contents) => {
  expect(mayMarkTurns(withTokens(...contents))).toBe(false);
});

test('the bundled model has none', () => {
  expect(mayMarkTurns(readFileSync('demo/public/models/prose-1.4M/tokenizer.json', 'utf8'))).toBe(false);
});
