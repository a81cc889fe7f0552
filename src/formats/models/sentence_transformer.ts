import { Fields } from '../../core/input/fields';
import { type FileSource, readRareFile } from '../../core/input/file_source';
import type { SentenceSettings } from '../../core/pooling/sentences';
import type { ParserLimits } from '../../core/types/source';
import { parseJsonObject } from '../json';

/** The settings in a folder of sentence-transformers, except those of the pooling. */
type TransformerConfig = Omit<SentenceSettings, 'pooling' | 'includesPrompt'>;

export type SentenceLimits = Pick<ParserLimits, 'json'>;

const GENERAL_FILE = 'config_sentence_transformers.json';

/** The names of the Transformer module's settings file in different releases, the newest name first. */
const FILES = ['bert', 'roberta', 'distilbert', 'xlm-roberta'].map((name) => `sentence_${name}_config.json`);

/** Reads sentence_bert_config.json and config_sentence_transformers.json, if the folder has them. */
export async function readTransformerConfig(source: FileSource, limits: SentenceLimits): Promise<TransformerConfig> {
  const fields = (await firstOf(source, FILES, limits)) ?? new Fields({}, 'sentence_bert_config.json');
  const general = (await firstOf(source, [GENERAL_FILE], limits)) ?? new Fields({}, GENERAL_FILE);
  return {
    maxLength: fields.get('max_seq_length') === undefined ? undefined : fields.positiveInteger('max_seq_length'),
    lowerCase: fields.boolean('do_lower_case', false),
    prompt: defaultPrompt(general),
    unsupported: strangeTransformer(fields) ?? strangeModel(general),
  };
}

async function firstOf(
  source: FileSource,
  files: readonly string[],
  limits: SentenceLimits,
): Promise<Fields | undefined> {
  for (const file of files) {
    const bytes = await readRareFile(source, file, limits.json);
    if (bytes !== undefined) return new Fields(parseJsonObject(bytes, file, limits.json), file);
  }
  return undefined;
}

/** The names of prompts that every folder has; they are '' unless the folder defines them. */
const USUAL_PROMPTS = ['query', 'document'];

/** Returns the default prompt, '' without one. Throws `invalid_format` if no prompt has the default prompt's name. */
function defaultPrompt(general: Fields): string {
  const name = general.optionalString('default_prompt_name');
  if (name === undefined) return '';
  const prompt = general.object('prompts')?.optionalString(name);
  if (prompt !== undefined || USUAL_PROMPTS.includes(name)) return prompt ?? '';
  throw general.invalid('default_prompt_name', 'the name of one of its prompts');
}

/** Describes the first unsupported setting in sentence_bert_config.json. */
function strangeTransformer(fields: Fields): string | undefined {
  const task = fields.optionalString('transformer_task') ?? 'feature-extraction';
  if (task !== 'feature-extraction') return `the transformer_task ${task}`;
  const output = fields.optionalString('module_output_name') ?? 'token_embeddings';
  if (output !== 'token_embeddings') return `the module_output_name ${output}`;
  const modalities = fields.object('modality_config');
  const text = modalities?.object('text')?.optionalString('method_output_name');
  if (modalities !== undefined && text !== 'last_hidden_state') {
    return `the output ${text ?? 'of another input than texts'}`;
  }
  const [own] = fields.object('processing_kwargs')?.keys() ?? [];
  return own && `processing_kwargs for ${own}`;
}

/** Describes the first unsupported setting in config_sentence_transformers.json. */
function strangeModel(general: Fields): string | undefined {
  const type = general.optionalString('model_type') ?? 'SentenceTransformer';
  if (type !== 'SentenceTransformer') return `a model of the type ${type}`;
  return general.get('truncate_dim') === undefined ? undefined : 'a truncate_dim';
}
