import { late } from '../../../core/async/late';

/** The sums of adapters. */
export const sumCode = late(async () => await import('./weighted'));
/** Adapters as LoRA's files. */
export const loraCode = late(async () => await import('./lora_files'));
