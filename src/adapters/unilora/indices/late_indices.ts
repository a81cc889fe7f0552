import { late } from '../../../core/async/late';

/** The generator of indices. */
export const indexCode = late(async () => await import('./entries'));
