import type { FuzzTarget } from '../target';
import { target as adapter } from './adapter';
import { target as chatTemplate } from './chat_template';
import { target as csv } from './csv';
import { target as checkpoint } from './files/checkpoint';
import { target as gguf } from './files/gguf';
import { target as pythonJson } from './files/python_json';
import { target as safetensors } from './files/safetensors';
import { target as torchFile } from './files/torch_file';
import { target as weights } from './files/weights';
import { target as kernelChoice } from './kernel_choice';
import { target as modelConfig } from './model_config';
import { target as pattern } from './pattern';
import { target as preprocessorConfig } from './preprocessor_config';
import { target as profile } from './profile';
import { target as rows } from './rows';
import { target as sentenceModules } from './sentence_modules';
import { target as tokenizer } from './tokenizer';

/** All targets. Each is in a file with its name. */
export const targets: readonly FuzzTarget[] = [
  safetensors,
  weights,
  torchFile,
  gguf,
  tokenizer,
  pattern,
  adapter,
  modelConfig,
  chatTemplate,
  checkpoint,
  rows,
  kernelChoice,
  profile,
  pythonJson,
  csv,
  preprocessorConfig,
  sentenceModules,
];
