import { late } from '../../core/async/late';

/** Loads the code that computes weighted sums of adapters. */
export const sumCode = late(async () => await import('./ia3_sums'));
