import type { WebVeraError } from '../../core/errors/error';
import type { JsonObject } from '../../core/input/fields';
import { type ByteStream, type FileSource, openFile } from '../../core/input/file_source';
import type { PretrainedConfig } from '../../core/types/model';
import { defaultLimits, type ParserLimits } from '../../core/types/source';
import { fileError } from '../file_error';
import type { ModelFiles } from '../models/model_files';
import type { WeightHeaders } from '../models/weights';
import { ByteReader } from '../tensors/byte_reader';
import { RowReader, reading, type StoredTensor, type TensorHeader } from '../tensors/stored_tensor';
import { type GgufModel, modelOf } from './families/gguf_families';
import { checkpointName } from './families/tensor_names';
import { GgufFields } from './gguf_fields';
import { type GgufHeader, type GgufTensor, readGgufHeader } from './gguf_header';
import { byteLength, invalid, packingOf } from './gguf_packing';
import { headerOf, storedTensor } from './gguf_tensor';
import { tokenizerOf } from './tokenizer/gguf_tokenizer';

/** The tensor with the divisors of the rotary frequencies. */
const ROPE_FACTORS = 'rope_freqs.weight';
/** The largest number of rotary factors. There is one for each pair of elements in a head, so no model has more. */
const MOST_FACTORS = 2 ** 16;
/**
 * If the rotary factors begin within this many bytes after the header, the open stream is read ahead; otherwise the file is opened again.
 */
const NEAR = 2 ** 20;
/** The names of the biases in blocks. */
const BIAS = /^blk\..*\.bias$/;

interface Opened {
  readonly stream: ByteStream;
  readonly reader: ByteReader;
  readonly header: GgufHeader;
}

/**
 * A model in one GGUF file. The file's metadata fields hold the configuration and the tokenizer. Packed tensors are read as float32
 * numbers, or converted to a packed storage format of the device.
 */
export class GgufFiles implements ModelFiles {
  readonly #source: FileSource;
  readonly #file: string;
  readonly #limits: ParserLimits;
  #opened: Opened | undefined;
  #model: GgufModel | undefined;

  constructor(source: FileSource, file: string, limits: ParserLimits = defaultLimits) {
    this.#source = source;
    this.#file = file;
    this.#limits = limits;
  }

  async config(): Promise<PretrainedConfig> {
    return (await this.#describe()).config;
  }

  /** Returns undefined: a GGUF file of a decoder reads no images. */
  async preprocessor(): Promise<undefined> {
    return undefined;
  }

  /** Returns the number of bytes that were read for the header. Most of them are the tokenizer. */
  async headerBytes(): Promise<number> {
    return (await this.#open()).header.bytesRead;
  }

  /**
   * Returns the tokenizer as the contents of tokenizer.json and tokenizer_config.json, and the number of bytes that were read for it.
   * Undefined if the file has no tokenizer.
   */
  async tokenizer(): Promise<
    { readonly tokenizer: JsonObject; readonly config: JsonObject; readonly bytes: number } | undefined
  > {
    const { header } = await this.#open();
    const made = tokenizerOf(new GgufFields(this.#file, header));
    return made && { ...made, bytes: header.bytesRead };
  }

  async headers(): Promise<WeightHeaders> {
    const { stream, header } = await this.#open();
    const model = await this.#describe();
    await stream.cancel();
    let end = 0;
    const tensors = header.tensors.map((tensor) => {
      const packing = packingOf(tensor, this.#file);
      end = Math.max(end, header.dataOffset + tensor.offset + byteLength(tensor, packing));
      return this.#headerOf(tensor, model);
    });
    return { tensors, bytes: stream.size ?? end, files: [this.#file] };
  }

  /**
   * Yields the tensors that `select` accepts. Throws `unsupported_model`, before any tensor is downloaded, for an unsupported type, and if
   * `select` rejects a bias: llama.cpp adds all biases of the file, so a model without that bias would compute other results.
   */
  async *tensors(select: (tensor: TensorHeader) => boolean): AsyncGenerator<StoredTensor, void, undefined> {
    const { stream, reader, header } = await this.#open();
    const model = await this.#describe();
    for (const tensor of header.tensors) {
      const found = this.#headerOf(tensor, model);
      if (BIAS.test(tensor.name) && !select(found)) throw this.#unusedBias(tensor.name);
    }
    if (stream.size !== undefined) this.#source.expect(stream.size);
    await reader.skip(header.dataOffset - header.bytesRead);
    let position = 0;
    for (const tensor of header.tensors) {
      const packing = packingOf(tensor, this.#file);
      const found = this.#headerOf(tensor, model);
      if (tensor.offset < position) throw invalid(this.#file, `${tensor.name} overlaps the tensor before it`);
      await reader.skip(tensor.offset - position);
      const length = byteLength(tensor, packing);
      position = tensor.offset + length;
      // The end is checked first, so that no memory is allocated for bytes that the file lacks.
      if (header.dataOffset + position > (stream.size ?? Number.MAX_SAFE_INTEGER)) {
        throw invalid(this.#file, `${tensor.name} ends after the file`);
      }
      if (!select(found)) {
        await reader.skip(length);
        continue;
      }
      const change = model.changeOf(tensor.name, tensor.shape[0] ?? 1);
      if (change === undefined || found.packed?.transposed) {
        const rows = new RowReader(tensor.shape, length, (bytes) => reader.take(bytes));
        yield storedTensor(found, rows, packing);
        await reader.skip(rows.bytesLeft);
      } else {
        // Undoing a change needs the whole tensor.
        const whole = change.undo(await reader.take(length), found.shape, packing);
        yield storedTensor(found, new RowReader(found.shape, whole.length, reading(whole)), packing);
      }
    }
    await reader.skipRest();
  }

  /** Reads the opened file to its end, where a source compares its hash. */
  async readRest(): Promise<void> {
    await this.#opened?.reader.skipRest();
  }

  /** Cancels the download, if one is open. */
  async close(): Promise<void> {
    await this.#opened?.stream.cancel();
  }

  async #open(): Promise<Opened> {
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

  async #describe(): Promise<GgufModel> {
    const opened = await this.#open();
    this.#model ??= modelOf(new GgufFields(this.#file, opened.header, await this.#ropeFactors(opened)));
    return this.#model;
  }

  #unusedBias(tensor: string): WebVeraError {
    const what = `expected no ${tensor}, as models of this kind have no such bias in transformers`;
    const hint = 'Load a model without it, or its original from the folder of safetensors.';
    return fileError('unsupported_model', this.#file, what, hint, { tensor });
  }

  #headerOf(tensor: GgufTensor, { names, changeOf }: GgufModel): TensorHeader {
    const change = changeOf(tensor.name, tensor.shape[0] ?? 1);
    return headerOf(checkpointName(tensor.name, names), tensor, packingOf(tensor, this.#file), change);
  }

  /** Reads the rotary factors before any other tensor, because the configuration depends on them. */
  async #ropeFactors({
    reader,
    header: { tensors, dataOffset, bytesRead },
  }: Opened): Promise<Float32Array | undefined> {
    const tensor = tensors.find(({ name }) => name === ROPE_FACTORS);
    if (tensor === undefined) return undefined;
    const { type, shape, offset } = tensor;
    const [count = 0] = shape;
    if (type !== 0 || shape.length !== 1 || count > MOST_FACTORS) {
      throw invalid(this.#file, `${ROPE_FACTORS}: expected at most ${MOST_FACTORS} numbers of F32`);
    }
    const begin = dataOffset + offset - bytesRead;
    const bytes =
      begin < NEAR
        ? (await reader.peek(begin + 4 * count)).slice(begin)
        : await this.#read(bytesRead + begin, 4 * count);
    return new Float32Array(bytes.buffer);
  }

  /** Reads `length` bytes of the file, beginning at byte `from`. */
  async #read(from: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const stream = await openFile(this.#source, this.#file);
    try {
      const reader = new ByteReader(stream, this.#file);
      await reader.skip(from);
      return await reader.take(length);
    } finally {
      await stream.cancel();
    }
  }
}
