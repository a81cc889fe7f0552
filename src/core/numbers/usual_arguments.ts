/** Defaults of training arguments that suit most runs. A run that they don't suit gives no warning, because no caller chose them. */
export const USUAL = { per_device_train_batch_size: 4, max_length: 1024 } as const;
