import type { Pooling } from './pooling';

/** The settings by which a folder's model makes vectors of texts, as sentence-transformers does. */
export interface SentenceSettings {
  readonly pooling: Pooling;
  /** Whether the tokens of `prompt` count in the pooling. */
  readonly includesPrompt: boolean;
  /** A text that is put before each text. */
  readonly prompt: string;
  /** Whether texts become lower case before they are tokens. */
  readonly lowerCase: boolean;
  /** Tokens of the longest text. Undefined: as many as the tokenizer and the model allow. */
  readonly maxLength: number | undefined;
  /** The first unsupported module or setting of the folder. If it is set, the folder's own vectors are refused. */
  readonly unsupported: string | undefined;
}

/** The settings for a folder without settings of its own: sentence-transformers' defaults. */
export const DEFAULT_SENTENCES: SentenceSettings = {
  pooling: { modes: ['mean'], normalize: false },
  includesPrompt: true,
  prompt: '',
  lowerCase: false,
  maxLength: undefined,
  unsupported: undefined,
};
