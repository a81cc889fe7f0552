import { AutoModelForSequenceClassification, type ClassifierOptions, type PreTrainedModel } from '../../../src/index';
import { goldenBase } from '../golden/golden';
import type { TestSession } from '../session/session';
import { smallBertTokenizerJson } from './small_bert_tokenizer';

/** Loads a golden base with a tokenizer whose tokens are single characters. */
export function loadTextClassifier(
  { session }: TestSession,
  base: string,
  options: ClassifierOptions = {},
): Promise<PreTrainedModel> {
  const { files } = goldenBase(`base/${base}`);
  files.set('tokenizer.json', new Blob([smallBertTokenizerJson()]));
  return AutoModelForSequenceClassification.from_pretrained({ files }, { session, ...options });
}
