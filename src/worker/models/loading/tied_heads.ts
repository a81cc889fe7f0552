import type { Warning } from '../../../core/errors/warning';
import { areEqual } from '../../../core/input/digest';
import type { ModelFiles } from '../../../formats/models/model_files';
import type { TensorHeader, TensorRows } from '../../../formats/tensors/stored_tensor';
import type { WeightTensors } from './weight_tensors';

/** The number of rows that are compared. Training changes all rows of a head, because each row's logit is part of every loss. */
const ROWS = 64;

/** Whether the files hold an embedding, and for its tied head a tensor with other values. Reads the first rows of both again. */
export async function isOwnHead(files: ModelFiles, tensors: WeightTensors, head: string): Promise<boolean> {
  const embedding = tensors.sharedBy(head);
  const isEither = (tensor: TensorHeader): boolean => tensor.name === head || tensors.weightOf(tensor) === embedding;
  const found: TensorRows[] = [];
  for await (const tensor of files.tensors(isEither)) found.push(await tensor.take(ROWS));
  const [one, other] = found;
  return one !== undefined && other !== undefined && !(one.dtype === other.dtype && areEqual(one.bytes, other.bytes));
}

/** The warning about a head that config.json ties to the embedding, although the files have other values for it. As in transformers 5. */
export function notTied(head: string): Warning {
  const message =
    `config.json ties ${head} to the embedding (tie_word_embeddings), but the weights have a ${head} of its own, ` +
    'with other values. The head has these values, and is not tied';
  return { code: 'head_not_tied', message };
}
