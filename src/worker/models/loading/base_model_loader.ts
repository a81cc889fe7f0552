import type { FileSource } from '../../../core/input/file_source';
import type { ParserLimits } from '../../../core/types/source';
import { GgufFiles } from '../../../formats/gguf/gguf_files';
import { folderFiles } from '../../../formats/models/model_files';
import type { Executor } from '../../../gpu/executor';
import type { SessionHost } from '../../protocol';
import { BaseModel } from '../base_model';
import { ImageProcessorLoader } from './image_processor_loader';
import { type LoadModelOptions, loadModel } from './model_loader';
import { TokenizerLoader } from './tokenizer_loader';

/** Loads models with their tokenizers and image processors. */
export class BaseModelLoader {
  readonly #limits: ParserLimits;
  readonly #tokenizers: TokenizerLoader;
  readonly #imageProcessors: ImageProcessorLoader;

  constructor(host: SessionHost, limits: ParserLimits) {
    this.#limits = limits;
    this.#tokenizers = new TokenizerLoader(host, limits);
    this.#imageProcessors = new ImageProcessorLoader(host, limits);
  }

  /** Loads a model. If anything fails, everything is freed. */
  async model(
    executor: Executor,
    source: FileSource,
    options: LoadModelOptions,
    ggufFile?: string,
  ): Promise<BaseModel> {
    if (ggufFile === undefined) return this.#model(executor, source, options);
    const gguf = new GgufFiles(source, ggufFile, this.#limits);
    return this.#model(executor, source, options, gguf).finally(() => gguf.close());
  }

  async #model(
    executor: Executor,
    source: FileSource,
    options: LoadModelOptions,
    gguf?: GgufFiles,
  ): Promise<BaseModel> {
    const loaded = await loadModel(gguf ?? folderFiles(source, this.#limits), executor, options);
    try {
      const tokenizer = await this.#tokenizers.ofModel(source, loaded.model, gguf);
      const imageProcessor = await this.#imageProcessors.ofModel(source, loaded.model);
      // The device may have been lost meanwhile.
      executor.check();
      return new BaseModel(executor, loaded, { tokenizer, imageProcessor });
    } catch (error) {
      executor.free([...loaded.weights.values(), ...loaded.constants.values()]);
      throw error;
    }
  }
}
