import { readFileSync } from 'node:fs';
import {
  AutoModelForSequenceClassification,
  type Example,
  type PreTrainedModel,
  type TextClassifierOptions,
  VeraConfig,
} from '../../../src/index';
import { folderFiles, type GoldenFolder, goldenFolder } from '../../helpers/golden/golden_sentences';
import type { TestSession } from '../../helpers/session/session';

/** A folder of sentence-transformers, with a mean and a Normalize. */
export const folder = asEncoder(goldenFolder('BERT, mean, normalised'));
export const id2label = { 0: 'sea', 1: 'land', 2: 'sky' };
export const config = new VeraConfig({ r: 8, target_modules: ['query', 'value'], task_type: 'SEQ_CLS' });
const words = [
  ['whale', 'ship', 'wave', 'salt'],
  ['hill', 'road', 'field', 'barn'],
  ['cloud', 'star', 'moon', 'wind'],
];
export const rows = words.flatMap((own, label): Example[] =>
  own.map((word) => ({ text: `the ${word}`, label: id2label[label as 0] })),
);
export const texts = rows.map((row) => (row as { text: string }).text);
export const long = texts.slice(0, 6).join(' ');

/** Returns the folder with a config.json that names no classifier, as sentence-transformers writes it. */
export function asEncoder({ files, ...given }: GoldenFolder): GoldenFolder {
  const config = JSON.parse(readFileSync(`test/golden/base/${given.base}/config.json`, 'utf8'));
  return { ...given, files: { ...files, 'config.json': { ...config, architectures: ['BertModel'] } } };
}

export function load(
  { session }: TestSession,
  options: TextClassifierOptions = {},
  source = folderFiles(folder),
): Promise<PreTrainedModel> {
  return AutoModelForSequenceClassification.from_pretrained(source, { session, id2label, ...options });
}

export const fromFolder =
  "Load the base model from the folder and with the pooling that the adapter was trained with: the folder's prompt, lower case and normalisation count.";

export const headOf = (model: PreTrainedModel) =>
  model.named_modules().filter(({ name }) => name.startsWith('classifier'));

/** Returns the labels' probabilities for a vector that the head reads. */
export async function scoresOf(
  model: PreTrainedModel,
  vector: Float32Array,
): Promise<Readonly<Record<string, number>>> {
  const tensors = await model.state_dict(['classifier.weight', 'classifier.bias']);
  const [weight, bias] = [...tensors.values()].map(({ data }) => data);
  const powers = Object.values(id2label).map((_, label) =>
    Math.exp(vector.reduce((sum, value, c) => sum + value * weight![label * vector.length + c]!, bias![label]!)),
  );
  const all = powers.reduce((sum, power) => sum + power);
  return Object.fromEntries(Object.values(id2label).map((name, label) => [name, powers[label]! / all]));
}
