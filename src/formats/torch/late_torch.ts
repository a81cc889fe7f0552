import { late } from '../../core/async/late';

/** Loads the code that reads files which `torch.save` wrote. */
export const torchCode = late(async () => await import('./torch_file'));
