import { WebVeraError } from '../../core/error';
import { type FileSource, readFile, readFileIfPresent } from '../../core/files';
import type { ParserLimits } from '../../core/source';
import type { Architecture } from '../../models/architecture';
import { announcing, createTokenizer, type TextTokenizer } from '../../tokenizer/tokenizer';
import type { SessionHost } from '../protocol';

/** Loads tokenizers. */
export class TokenizerLoader {
  readonly #host: SessionHost;
  readonly #limits: ParserLimits;

  constructor(host: SessionHost, limits: ParserLimits) {
    this.#host = host;
    this.#limits = limits;
  }

  async tokenizer(source: FileSource): Promise<TextTokenizer> {
    return this.#create(source, await readFile(source, 'tokenizer.json', this.#limits.tokenizer));
  }

  /** A model's own, if its folder has one and it takes in texts. */
  async ofModel(source: FileSource, { text }: Pick<Architecture, 'text'>): Promise<TextTokenizer | undefined> {
    if (text === undefined) return undefined;
    const json = await readFileIfPresent(source, 'tokenizer.json', this.#limits.tokenizer);
    return json === undefined ? undefined : this.#create(source, json, text.vocabSize);
  }

  async #create(source: FileSource, json: Uint8Array, vocabSize?: number): Promise<TextTokenizer> {
    const config = await readFileIfPresent(source, 'tokenizer_config.json', this.#limits.json);
    const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
    // On slow devices a megabyte of a file takes a second, and a megabyte of a text four.
    this.#host.quiet?.(json.byteLength / 2 ** 20);
    const chatTemplate = await readFileIfPresent(source, 'chat_template.jinja', this.#limits.json).catch(noneForbidden);
    const { renderChat } = this.#host;
    const options = {
      ...(vocabSize !== undefined && { vocabSize }),
      ...(chatTemplate !== undefined && { chatTemplate: text(chatTemplate) }),
      ...(renderChat !== undefined && { renderChat }),
    };
    const tokenizer = createTokenizer(text(json), config && text(config), options);
    return announcing(tokenizer, (length) => this.#host.quiet?.(length / 2 ** 18));
  }
}

/** Some servers forbid what they haven't, and most models have no such file. */
function noneForbidden(error: unknown): undefined {
  if (!(error instanceof WebVeraError && error.detail.status === 403)) throw error;
}
