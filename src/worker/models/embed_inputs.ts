import type { Overlay } from '../../adapters/layers/overlay';
import { Breather } from '../../core/async/breather';
import type { Warn } from '../../core/errors/warning';
import { denseName } from '../../core/pooling/pooling';
import { DEFAULT_SENTENCES } from '../../core/pooling/sentences';
import { pooledWidth } from '../../models/dense_layers';
import { createEmbedder, expectSupported } from '../../tasks/pooling/create_embedder';
import type { EmbedRequest } from '../protocol';
import type { BaseModel } from './base_model';
import { inputRows } from './input_rows';

interface EmbedPass {
  readonly overlay: Overlay;
  readonly signal: AbortSignal;
  readonly warn: Warn;
  onProgress(done: number, total: number): void;
}

/**
 * Computes a vector for each input, in the order of the inputs. All vectors are in one array, (N, width), because the transfer of many
 * buffers would block the worker for seconds. Each batch has inputs of similar lengths, and the longest inputs run first. Throws
 * `invalid_argument` for an input that the model can't read, and `unsupported_model` if the pooling is the folder's and needs a module that
 * isn't supported.
 */
export async function embedInputs(
  model: BaseModel,
  { inputs, batch_size, pooling, normalize }: EmbedRequest,
  { overlay, signal, warn, onProgress }: EmbedPass,
): Promise<Float32Array> {
  const asked = { pooling, normalize };
  const sentences = await model.sentences();
  expectSupported(sentences ?? DEFAULT_SENTENCES, asked);
  const usesDense = pooling === undefined && sentences?.pooling.dense !== undefined;
  if (usesDense) pooledWidth(model.loaded.model, sentences.pooling);
  // A classifier that reads the folder's vectors contains the dense layers, and an adapter may have changed their biases.
  const isHeld = model.loaded.weights.has(`${denseName(0)}.weight`);
  const tensors = usesDense && !isHeld ? await model.dense() : undefined;
  const embedder = createEmbedder(model.loaded.model, { ...model.preprocessors, sentences }, asked);
  const breather = new Breather(signal);
  const lengths: number[] = [];
  let cut = 0;
  const onCut = (): void => {
    cut++;
  };
  const rowsAt = await inputRows({
    inputs,
    call: 'embed',
    breather,
    check: embedder.check?.bind(embedder),
    row: async (input, where) => {
      const row = await embedder.row(input, where, { signal, onCut });
      lengths.push(embedder.tokensOf(row));
      return row;
    },
  });
  if (cut > 0) warn({ code: 'texts_cut', message: cutTexts(cut, inputs.length, embedder.maxLength) });
  // `lengths` is empty if the rows are made later, as for images. All rows then have the same length.
  const order = [...inputs.keys()].sort((a, b) => (lengths[b] ?? 0) - (lengths[a] ?? 0));
  let vectors = new Float32Array();
  const name = `embed ${pooling} ${normalize}`;
  const args = { per_device_train_batch_size: batch_size, max_length: embedder.maxLength };
  for (let start = 0; start < order.length; start += batch_size) {
    const chosen = order.slice(start, start + batch_size);
    const batch = embedder.batch(await rowsAt(chosen), args);
    const numbers = await model.run({ name, task: embedder, tensors }, batch, overlay);
    const width = numbers.length / chosen.length;
    if (start === 0) vectors = new Float32Array(order.length * width);
    for (const [row, index] of chosen.entries()) {
      vectors.set(numbers.subarray(row * width, (row + 1) * width), index * width);
    }
    onProgress(start + chosen.length, order.length);
  }
  return vectors;
}

function cutTexts(count: number, of: number, maxLength: number): string {
  return `${count} of ${of} texts are longer than ${maxLength} tokens, and their ends are left out`;
}
