import { type FileSource, missingFile } from '../../../core/input/file_source';
import type { SentenceSettings } from '../../../core/pooling/sentences';
import type { ParserLimits } from '../../../core/types/source';
import { GgufFiles } from '../../../formats/gguf/gguf_files';
import { folderFiles } from '../../../formats/models/model_files';
import { readSentenceModules } from '../../../formats/models/sentence_modules';
import type { Executor } from '../../../gpu/executor';
import type { TextTokenizer } from '../../../tokenizer/tokenizer';
import type { SessionHost } from '../../protocol';
import { BaseModel } from '../base_model';
import { loadImageProcessor } from './image_processor_loader';
import { type LoadModelOptions, loadModel } from './model_loader';
import { loadTokenizer } from './tokenizer_loader';

/** Loads models with their tokenizers and image processors, and tokenizers alone. */
export class BaseModelLoader {
  readonly host: SessionHost;
  readonly limits: ParserLimits;

  constructor(host: SessionHost, limits: ParserLimits) {
    this.host = host;
    this.limits = limits;
  }

  /** Loads a model. If anything fails, everything is freed. */
  model(executor: Executor, source: FileSource, options: LoadModelOptions, ggufFile?: string): Promise<BaseModel> {
    return this.#reading(source, ggufFile, async (gguf) => {
      let reading: Promise<SentenceSettings | undefined> | undefined;
      const sentences = (): Promise<SentenceSettings | undefined> => {
        reading ??= readSentenceModules(source, this.limits);
        return reading;
      };
      const files = gguf ?? folderFiles(source, this.limits);
      const loaded = await loadModel(files, executor, { ...options, sentences });
      try {
        const { text, config } = loaded.model;
        const sizes = { modelType: config.model_type, vocabSize: text?.vocabSize };
        const tokenizer = text && (await loadTokenizer(this, source, { ...sizes, gguf }));
        const imageProcessor = await loadImageProcessor(this, source, loaded.model);
        // The device may have been lost meanwhile.
        executor.check();
        return new BaseModel(executor, loaded, { tokenizer, imageProcessor, sentences: await sentences() });
      } catch (error) {
        executor.free([...loaded.weights.values(), ...loaded.constants.values()]);
        throw error;
      }
    });
  }

  /** Loads a tokenizer. Throws `not_found` if there is none. */
  tokenizer(source: FileSource, ggufFile?: string): Promise<TextTokenizer> {
    return this.#reading(source, ggufFile, async (gguf) => {
      const tokenizer = await loadTokenizer(this, source, { gguf });
      if (tokenizer === undefined) throw missingFile(source, ['tokenizer.json']);
      return tokenizer;
    });
  }

  /** Runs `body` with the source's GGUF file, if one is named. */
  async #reading<T>(
    source: FileSource,
    ggufFile: string | undefined,
    body: (gguf: GgufFiles | undefined) => Promise<T>,
  ): Promise<T> {
    const gguf = ggufFile === undefined ? undefined : new GgufFiles(source, ggufFile, this.limits);
    return body(gguf).finally(() => gguf?.close());
  }
}
