import { late } from '../../core/async/late';

/**
 * Loads the reader of sentence-transformers' settings. Most models never need it, because only vectors of texts depend on these settings.
 */
export const sentenceCode = late(async () => await import('./sentence_modules'));
