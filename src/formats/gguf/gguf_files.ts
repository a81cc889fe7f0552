import { WebVeraError } from '../../core/error';
import type { JsonObject } from '../../core/fields';
import { type ByteStream, type FileSource, openFile } from '../../core/files';
import type { PretrainedConfig } from '../../core/model';
import { defaultLimits, type ParserLimits } from '../../core/source';
import { ByteReader } from '../byte_reader';
import type { Dtype } from '../dtype';
import type { ModelFiles } from '../model_files';
import { plainTensor, RowReader, reading, type StoredTensor } from '../stored_tensor';
import type { TensorHeader } from '../tensor_header';
import type { WeightHeaders } from '../weight_headers';
import { BLOCK_TYPES, type BlockType, unpackBlocks } from './block_types';
import { configOf } from './gguf_config';
import { type GgufHeader, type GgufTensor, readGgufHeader } from './gguf_header';
import { GgufMetadata } from './gguf_metadata';
import { checkpointName, interleavedRow } from './gguf_names';
import { tokenizerOf } from './gguf_tokenizer';
import { packBlocks } from './packed_blocks';

/** Types whose bytes are a dtype's, by ggml's numbers. */
const PLAIN: ReadonlyMap<number, { readonly dtype: Dtype; readonly width: number }> = new Map([
  [0, { dtype: 'F32', width: 4 }],
  [1, { dtype: 'F16', width: 2 }],
  [30, { dtype: 'BF16', width: 2 }],
]);

/** How a tensor's rows lie in the file. */
interface Packing {
  readonly dtype: Dtype;
  /** Bytes of a row. */
  readonly rowBytes: number;
  /** Undefined for plain types. */
  readonly block?: BlockType;
}

/**
 * A model in one GGUF file, whose fields hold configuration and tokenizer. Packed types come as the float32 numbers that they stand
 * for, or packed as the device has them. Only Llama, Qwen2 and Qwen3 so far.
 */
export class GgufFiles implements ModelFiles {
  readonly #source: FileSource;
  readonly #file: string;
  readonly #limits: ParserLimits;
  #opened: { readonly stream: ByteStream; readonly reader: ByteReader; readonly header: GgufHeader } | undefined;

  constructor(source: FileSource, file: string, limits: ParserLimits = defaultLimits) {
    this.#source = source;
    this.#file = file;
    this.#limits = limits;
  }

  async config(): Promise<PretrainedConfig> {
    const { header } = await this.#open();
    return configOf(new GgufMetadata(this.#file, header), header.tensors);
  }

  /** What tokenizer.json and tokenizer_config.json would hold, and how many bytes that was. */
  async tokenizer(): Promise<
    { readonly tokenizer: JsonObject; readonly config: JsonObject; readonly bytes: number } | undefined
  > {
    const { header } = await this.#open();
    const made = tokenizerOf(new GgufMetadata(this.#file, header));
    return made && { ...made, bytes: header.bytesRead };
  }

  async headers(): Promise<WeightHeaders> {
    const { stream, header } = await this.#open();
    await stream.cancel();
    let end = 0;
    const tensors = header.tensors.map((tensor) => {
      const packing = this.#packingOf(tensor);
      end = Math.max(end, header.dataOffset + tensor.offset + packing.rowBytes * rowCount(tensor));
      return headerOf(tensor, packing);
    });
    return { tensors, bytes: stream.size ?? end };
  }

  async *tensors(select: (tensor: TensorHeader) => boolean): AsyncGenerator<StoredTensor, void, undefined> {
    const { stream, reader, header } = await this.#open();
    const { num_attention_heads, num_key_value_heads, model_type } = await this.config();
    if (stream.size !== undefined) this.#source.expect(stream.size);
    await reader.skip(header.dataOffset - header.bytesRead);
    let position = 0;
    for (const tensor of header.tensors) {
      const { shape } = tensor;
      const packing = this.#packingOf(tensor);
      const told = headerOf(tensor, packing);
      const { name } = told;
      if (tensor.offset < position) throw this.#invalid(`${tensor.name} overlaps the tensor before it`);
      await reader.skip(tensor.offset - position);
      const length = packing.rowBytes * rowCount(tensor);
      position = tensor.offset + length;
      // Else memory would be taken for what doesn't come.
      if (header.dataOffset + position > (stream.size ?? Number.MAX_SAFE_INTEGER)) {
        throw this.#invalid(`${tensor.name} ends after the file`);
      }
      if (!select(told)) {
        await reader.skip(length);
        continue;
      }
      const heads = model_type !== 'llama' ? undefined : headsOf(name, { num_attention_heads, num_key_value_heads });
      const ordered =
        heads === undefined ? undefined : inOrder(await reader.take(length), { rows: shape[0] ?? 1, heads });
      const rows = new RowReader(shape, length, ordered ? reading(ordered) : (bytes) => reader.take(bytes));
      yield packing.block === undefined ? plainTensor(told, rows) : packedTensor(told, rows, packing.block);
      await reader.skip(ordered ? 0 : rows.bytesLeft);
    }
    await reader.skipRest();
  }

  /** Ends the download, where there is one. */
  async close(): Promise<void> {
    await this.#opened?.stream.cancel();
  }

  async #open() {
    if (this.#opened !== undefined) return this.#opened;
    const stream = await openFile(this.#source, this.#file);
    try {
      const reader = new ByteReader(stream, this.#file);
      const header = await readGgufHeader(reader, this.#file, this.#limits);
      this.#opened = { stream, reader, header };
      return this.#opened;
    } catch (error) {
      await stream.cancel();
      throw error;
    }
  }

  #packingOf({ name, type, shape }: GgufTensor): Packing {
    const columns = shape.at(-1) ?? 1;
    const plain = PLAIN.get(type);
    if (plain !== undefined) {
      return { dtype: plain.dtype, rowBytes: plain.width * columns };
    }
    const block = BLOCK_TYPES.get(type);
    if (block === undefined) {
      const known = [...BLOCK_TYPES.values()].map((it) => it.name).join(', ');
      throw new WebVeraError(
        'unsupported_model',
        `${this.#file}: ${name}: expected F32, F16, BF16, ${known}, got type ${type}`,
        {
          hint: 'Take another quantisation of the model, such as Q8_0 or Q4_K_M.',
          detail: { file: this.#file, tensor: name, type },
        },
      );
    }
    if (columns % block.elements !== 0) {
      throw this.#invalid(`${name}: expected rows of whole blocks of ${block.elements}, got ${columns}`);
    }
    return { dtype: 'F32', rowBytes: (columns / block.elements) * block.bytes, block };
  }

  #invalid(what: string): WebVeraError {
    return new WebVeraError('invalid_format', `${this.#file}: ${what}`, {
      hint: 'The file is damaged; download it again.',
      detail: { file: this.#file },
    });
  }
}

function rowCount({ shape }: GgufTensor): number {
  return shape.slice(0, -1).reduce((product, size) => product * size, 1);
}

function headerOf({ name, shape }: GgufTensor, { dtype, block }: Packing): TensorHeader {
  return { name: checkpointName(name), dtype, shape, packed: block && { name: block.packed } };
}

/** How many heads the rows belong to of which llama.cpp changes the order; undefined for other tensors. */
function headsOf(
  name: string,
  { num_attention_heads, num_key_value_heads }: Pick<PretrainedConfig, 'num_attention_heads' | 'num_key_value_heads'>,
): number | undefined {
  const heads = /self_attn\.q_proj\.\w+$/.test(name)
    ? num_attention_heads
    : /self_attn\.k_proj\.\w+$/.test(name)
      ? num_key_value_heads
      : undefined;
  return typeof heads === 'number' ? heads : undefined;
}

/** The rows of a tensor as the checkpoint has them. Those of a head lie together, so it takes all of them. */
function inOrder(
  bytes: Uint8Array<ArrayBuffer>,
  { rows, heads }: { readonly rows: number; readonly heads: number },
): Uint8Array<ArrayBuffer> {
  const width = bytes.length / rows;
  const ordered = new Uint8Array(bytes.length);
  for (let row = 0; row < rows; row++) {
    const from = width * interleavedRow(row, rows / heads);
    ordered.set(bytes.subarray(from, from + width), width * row);
  }
  return ordered;
}

/** A tensor whose bytes are blocks. */
function packedTensor({ name, dtype, shape }: TensorHeader, rows: RowReader, block: BlockType): StoredTensor {
  return {
    name,
    dtype,
    shape,
    async take(wanted) {
      const taken = await rows.take(wanted);
      return { dtype, shape: taken.shape, bytes: new Uint8Array(unpackBlocks(block, taken.bytes).buffer) };
    },
    packed: {
      name: block.packed,
      async take(wanted) {
        const taken = await rows.take(wanted);
        return packBlocks(block, taken.bytes, taken.shape);
      },
    },
  };
}
