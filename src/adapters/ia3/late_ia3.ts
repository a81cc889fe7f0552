import { late } from '../../core/async/late';

/** The sums of adapters. */
export const sumCode = late(async () => await import('./ia3_sums'));
