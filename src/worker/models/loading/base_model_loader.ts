import { lazily } from '../../../core/async/lazily';
import { expectKnown, type FileSource, missingFile, readUnlessUnknown } from '../../../core/input/file_source';
import type { SentenceSettings } from '../../../core/pooling/sentences';
import type { ParserLimits } from '../../../core/types/source';
import type { GgufFiles } from '../../../formats/gguf/gguf_files';
import { openGguf } from '../../../formats/gguf/late_gguf';
import { sentenceCode } from '../../../formats/models/late_sentences';
import { folderFiles } from '../../../formats/models/model_files';
import { readStopTokens } from '../../../formats/models/stop_tokens';
import type { Executor } from '../../../gpu/executor';
import { readsVectors } from '../../../tasks/task_registry';
import type { TextTokenizer } from '../../../tokenizer/tokenizer';
import type { LoadOptions, SessionHost } from '../../protocol';
import { BaseModel } from '../base_model';
import { imageCode } from './late_images';
import { type LoadModelOptions, loadModel } from './model_loader';
import { loadTokenizer } from './tokenizer_loader';

type TokenizerLoad = Pick<LoadOptions, 'gguf_file' | 'hasToken' | 'integrity'>;

/** Loads models with their tokenizers and image processors, and tokenizers alone. */
export class BaseModelLoader {
  readonly host: SessionHost;
  readonly limits: ParserLimits;

  constructor(host: SessionHost, limits: ParserLimits) {
    this.host = host;
    this.limits = limits;
  }

  /** Loads a model. On failure, frees everything that was loaded. */
  model(executor: Executor, source: FileSource, options: LoadModelOptions, ggufFile?: string): Promise<BaseModel> {
    return this.#reading(source, ggufFile, async (gguf) => {
      // Browsers log each missing file as an error, so modules.json is requested only for models that need it.
      const read = async (): Promise<SentenceSettings | undefined> => {
        const { MODULES_FILE, readDenseTensors, readSentenceModules } = await sentenceCode();
        await expectKnown(source, MODULES_FILE);
        const read = await readSentenceModules(source, this.limits);
        const { dense } = read?.pooling ?? {};
        if (dense === undefined || read?.unsupported !== undefined) return read;
        return read && { ...read, tensors: lazily(() => readDenseTensors(source, dense, this.limits)) };
      };
      // With a token, modules.json is read now, because the page can give the token only while the model loads. It is read later if only
      // cached files may be used and the cache doesn't know this file, because the load would fail.
      const isUnknown = async () => source.isUnknown?.((await sentenceCode()).MODULES_FILE);
      const isEarly = readsVectors(options.task) || (options.hasToken === true && (await isUnknown()) !== true);
      const readOnce = lazily(read);
      const readSentences = async (): Promise<SentenceSettings | undefined> => {
        const known = await readOnce();
        const { unsupported } = known ?? {};
        return typeof unsupported === 'object' && unsupported.retryable ? read().catch(() => known) : known;
      };
      const sentences = isEarly ? readOnce : undefined;
      const files = gguf ?? folderFiles(source, this.limits);
      const loaded = await loadModel(files, executor, { ...options, sentences });
      try {
        const { text, config } = loaded.model;
        const { hasToken } = options;
        let stopTokens: readonly number[] | undefined;
        const onChat = async (): Promise<void> => {
          stopTokens = text && (await readStopTokens(source, this.limits, text.vocabSize));
        };
        const request = { modelType: config.model_type, vocabSize: text?.vocabSize, gguf, hasToken, onChat };
        const tokenizer = text && (await loadTokenizer(this, source, request));
        const imageProcessor =
          loaded.model.image && (await (await imageCode()).loadImageProcessor(this.host, files, loaded.model));
        // The device may have been lost while the model loaded.
        executor.check();
        const own = { tokenizer, stopTokens, imageProcessor, sentences: await sentences?.() };
        // An error is ignored: the calls that use these weights read them again, and reject.
        if (hasToken || (options.pooling ?? 'auto') === 'auto') await own.sentences?.tensors?.().catch(() => {});
        const readAgain = (file: string) => readUnlessUnknown(source, file, this.limits.tokenizer);
        return new BaseModel(executor, loaded, { ...own, readSentences, readAgain });
      } catch (error) {
        executor.free([...loaded.weights.values(), ...loaded.constants.values()]);
        throw error;
      }
    });
  }

  /** Loads a tokenizer. Throws `not_found` if the source has none. */
  tokenizer(source: FileSource, { gguf_file, hasToken, integrity }: TokenizerLoad = {}): Promise<TextTokenizer> {
    return this.#reading(source, gguf_file, async (gguf) => {
      const tokenizer = await loadTokenizer(this, source, { gguf, hasToken });
      if (tokenizer === undefined) throw missingFile(source, ['tokenizer.json']);
      // A hash is compared at a file's end. To spare a large download, a GGUF file is read to its end only if the page pinned its hash.
      if (typeof integrity === 'object' && Object.hasOwn(integrity, gguf_file ?? '')) await gguf?.readRest();
      return tokenizer;
    });
  }

  /** Runs `body` with the source's opened GGUF file, or with undefined if `ggufFile` names none. */
  async #reading<T>(
    source: FileSource,
    ggufFile: string | undefined,
    body: (gguf: GgufFiles | undefined) => Promise<T>,
  ): Promise<T> {
    const gguf = await openGguf(source, ggufFile, this.limits);
    return body(gguf).finally(() => gguf?.close());
  }
}
