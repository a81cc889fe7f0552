import { late } from '../../../core/async/late';

/** Loads the code that draws indices. */
export const indexCode = late(async () => await import('./entries'));
