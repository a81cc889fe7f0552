import { WebVeraError } from '../../../core/errors/error';
import { type FileSource, missingFile, readFileIfPresent } from '../../../core/input/file_source';
import type { ParserLimits } from '../../../core/types/source';
import { GgufFiles } from '../../../formats/gguf/gguf_files';
import type { Architecture } from '../../../models/architecture';
import { announcing, createTokenizer, type TextTokenizer } from '../../../tokenizer/tokenizer';
import type { SessionHost } from '../../protocol';
import { readTokenizerFiles } from './tokenizer_files';

export class TokenizerLoader {
  readonly #host: SessionHost;
  readonly #limits: ParserLimits;

  constructor(host: SessionHost, limits: ParserLimits) {
    this.#host = host;
    this.#limits = limits;
  }

  async tokenizer(source: FileSource, ggufFile?: string): Promise<TextTokenizer> {
    const gguf = ggufFile === undefined ? undefined : new GgufFiles(source, ggufFile, this.#limits);
    return this.#tokenizer(source, gguf).finally(() => gguf?.close());
  }

  async #tokenizer(source: FileSource, gguf: GgufFiles | undefined): Promise<TextTokenizer> {
    const tokenizer = await this.#load(source, { gguf });
    if (tokenizer === undefined) throw missingFile(source, ['tokenizer.json']);
    return tokenizer;
  }

  /** Loads a model's tokenizer, if the model reads texts and its folder has one. */
  async ofModel(
    source: FileSource,
    { text, config }: Pick<Architecture, 'text' | 'config'>,
    gguf?: GgufFiles,
  ): Promise<TextTokenizer | undefined> {
    if (text === undefined) return undefined;
    return this.#load(source, { modelType: config.model_type, vocabSize: text.vocabSize, gguf });
  }

  async #load(
    source: FileSource,
    { modelType, vocabSize, gguf }: { modelType?: string; vocabSize?: number; gguf: GgufFiles | undefined },
  ): Promise<TextTokenizer | undefined> {
    // Read first, so that a cache with the other files has this one too.
    const chatTemplate = await readFileIfPresent(source, 'chat_template.jinja', this.#limits.json).catch(noneForbidden);
    const files = (await readTokenizerFiles(source, this.#limits, modelType)) ?? (await this.#ofGguf(gguf));
    if (files === undefined) return undefined;
    this.#announce(files.bytes);
    const { renderChat } = this.#host;
    const tokenizer = createTokenizer(files.tokenizer, files.config, {
      ...(vocabSize !== undefined && { vocabSize }),
      ...(chatTemplate !== undefined && { chatTemplate: new TextDecoder().decode(chatTemplate) }),
      ...(renderChat !== undefined && { renderChat }),
    });
    return announcing(tokenizer, (length) => this.#host.quiet?.(length / 2 ** 18));
  }

  /** Reads a GGUF file's tokenizer. Merges that the file lacks are computed without interruption. */
  async #ofGguf(gguf: GgufFiles | undefined): ReturnType<GgufFiles['tokenizer']> {
    if (gguf === undefined) return undefined;
    this.#announce(await gguf.headerBytes());
    return gguf.tokenizer();
  }

  /**
   * Announces silence: parsing takes a slow device one second per megabyte of a file (encoding four per megabyte of
   * text).
   */
  #announce(bytes: number): void {
    this.#host.quiet?.(bytes / 2 ** 20);
  }
}

/** Treats 403 as a missing file: some servers answer so, and most models have no chat_template.jinja. */
function noneForbidden(error: unknown): undefined {
  if (!(error instanceof WebVeraError && error.detail.status === 403)) throw error;
}
