import { late } from '../../core/async/late';

/** The reader of files that `torch.save` wrote. */
export const torchCode = late(async () => await import('./torch_file'));
