import { late } from '../../core/async/late';

/**
 * Loads the code that reads the settings of sentence-transformers. Most models never need it, because these settings matter only for
 * vectors of whole texts.
 */
export const sentenceCode = late(async () => await import('./sentence_modules'));
