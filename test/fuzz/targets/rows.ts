import { textExamples } from '../../../src/embed/lessons/text_examples';
import { collectRows, type RowOptions } from '../../../src/tasks/causal_lm/collect_rows';
import { spacedTokenizer } from '../../helpers/models/tokenizers';
import { type FuzzTarget, isRefusal, textOf } from '../target';

const VOCABULARY = 512;
const LENGTH = 16;
const tokenizer = spacedTokenizer();
const base = { tokenizer, vocabSize: VOCABULARY, completionOnly: null, maxLength: LENGTH };

/**
 * The input: a data set, read as JSON Lines, CSV and plain text, split and packed. It is also used as a text that the <web-vera> element
 * splits into examples.
 */
export const target: FuzzTarget = {
  name: 'rows',
  codes: ['invalid_format', 'invalid_argument', 'limit_exceeded'],
  async run(bytes) {
    const blob = new Blob([bytes]);
    for (const format of ['jsonl', 'csv', 'text'] as const) {
      for (const packing of [false, true]) {
        await expectRows({ kind: 'blob', blob, format }, { ...base, packing, overflow: 'split' });
      }
    }
    const count = async (text: string): Promise<number> => tokenizer.encode(text).length;
    for (const text of await textExamples(textOf(bytes), LENGTH, count)) {
      if (text.trim() === '') throw new Error('textExamples: got an empty example');
    }
  },
};

async function expectRows(source: Parameters<typeof collectRows>[0], options: RowOptions): Promise<void> {
  try {
    const { rows } = await collectRows(source, options);
    for (const { input_ids, labels, attention_mask } of rows) {
      const { length } = input_ids;
      const isRow = length <= LENGTH && labels.length === length && attention_mask.length === length;
      if (!isRow || input_ids.some((id) => id >= VOCABULARY)) throw new Error(`got a row of ids ${input_ids}`);
      if (labels.some((label) => label >= VOCABULARY || (label < 0 && label !== -100))) {
        throw new Error(`got a row of labels ${labels}`);
      }
    }
  } catch (error) {
    if (!isRefusal(error, target.codes)) throw error;
  }
}
