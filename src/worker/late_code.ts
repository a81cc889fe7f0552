import { ADAPTER_KINDS } from '../adapters/adapter_kinds';
import { ggufCode } from '../formats/gguf/late_gguf';
import { sentenceCode } from '../formats/models/late_sentences';
import { torchCode } from '../formats/torch/late_torch';
import { headerCode } from '../images/decode_image';
import { csvCode } from '../tasks/reading/late_csv';
import { loadLateTasks } from '../tasks/task_registry';
import { mixCode } from './adapters/session_adapters';
import { exportCode } from './models/loading/late_export';
import { imageCode } from './models/loading/late_images';
import { tuningCode } from './models/session_kernels';
import { estimateCode } from './plans/session_plans';
import { runCode } from './runs/session_training';

/**
 * Loads all parts of the worker's code that otherwise load when they are first needed. Called before the worker is sealed, which ends its
 * access to the network.
 */
export async function loadLateCode(): Promise<void> {
  const files = [ggufCode, sentenceCode, torchCode, csvCode, headerCode, imageCode];
  const work = [runCode, mixCode, tuningCode, estimateCode, exportCode];
  const kinds = ADAPTER_KINDS.flatMap(({ lateCode = [] }) => lateCode);
  await Promise.all([...files, ...work, ...kinds, loadLateTasks].map((load) => load()));
}
