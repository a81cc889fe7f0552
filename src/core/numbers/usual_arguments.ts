/** Defaults of training arguments that fit most runs. If they don't fit a run, no warning is given, because no caller chose them. */
export const USUAL = { per_device_train_batch_size: 4, max_length: 1024 } as const;
