import { late } from '../../core/async/late';

/** The reader of sentence-transformers' settings, for models that vectors are asked of. */
export const sentenceCode = late(async () => await import('./sentence_modules'));
