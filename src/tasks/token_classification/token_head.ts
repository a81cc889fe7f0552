import type { MakeHead, Network } from '../../models/architecture';
import { linearHead } from '../../models/heads';

/** transformers' names for the model's class and for the head's layer, by `model_type`. */
const HEADS: ReadonlyMap<string, readonly [className: string, layer: 'classifier' | 'score']> = new Map([
  ['bert', ['BertForTokenClassification', 'classifier']],
  ['distilbert', ['DistilBertForTokenClassification', 'classifier']],
  ['falcon', ['FalconForTokenClassification', 'classifier']],
  ['gemma', ['GemmaForTokenClassification', 'score']],
  ['gemma2', ['Gemma2ForTokenClassification', 'score']],
  ['gpt2', ['GPT2ForTokenClassification', 'classifier']],
  ['gpt_neo', ['GPTNeoForTokenClassification', 'classifier']],
  ['gpt_neox', ['GPTNeoXForTokenClassification', 'classifier']],
  ['llama', ['LlamaForTokenClassification', 'score']],
  ['mistral', ['MistralForTokenClassification', 'score']],
  ['phi3', ['Phi3ForTokenClassification', 'score']],
  ['qwen2', ['Qwen2ForTokenClassification', 'score']],
  ['qwen3', ['Qwen3ForTokenClassification', 'score']],
  ['roberta', ['RobertaForTokenClassification', 'classifier']],
  ['xlm-roberta', ['XLMRobertaForTokenClassification', 'classifier']],
]);

/**
 * Makes a head over every token's hidden state: the network's own or, for the model types above, one linear layer. Returns undefined for
 * other model types.
 */
export function tokenHead({ config, hiddenSize: C, initialStd: std, heads }: Network): MakeHead | undefined {
  const [className, name] = HEADS.get(config.model_type) ?? [];
  if (className === undefined || name === undefined) return heads.token_classification;
  return linearHead({ className, C, name, bias: true, reads: 'every token', dropout: true, std });
}
