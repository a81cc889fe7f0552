import {
  AutoModelForCausalLM,
  AutoModelForSequenceClassification,
  estimate,
  type ModelSource,
  PeftConfig,
  Session,
} from '../../src/index';
import { any, type Mistake } from './mistake';

type Answer = (path: string) => Response | undefined;

const json = (value: unknown): Response => Response.json(value);
const LLAMA = {
  model_type: 'llama',
  hidden_size: 8,
  intermediate_size: 16,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  vocab_size: 16,
  max_position_embeddings: 32,
};

/** Reads a folder from a server, up to the weights' headers. The server has only the files that `answer` returns. */
function loadFrom(source: ModelSource, answer?: Answer, options: object = {}): Promise<unknown> {
  return withServer(answer, (session) => estimate(source, { session, ...options }));
}

/** Reads the configuration of an adapter on such a server. */
function configFrom(source: string, answer: Answer): Promise<unknown> {
  return withServer(answer, (session) => PeftConfig.from_pretrained(source, { session }));
}

async function withServer(
  answer: Answer = () => undefined,
  act: (session: Session) => Promise<unknown>,
): Promise<unknown> {
  const fetch = async (address: string | URL | Request): Promise<Response> => {
    const { pathname } = new URL(String(address));
    return answer(pathname) ?? new Response('', { status: 404 });
  };
  const session = await Session.open({ worker: false, store: 'memory', fetch: fetch as typeof globalThis.fetch });
  return act(session).finally(() => session.dispose());
}

const status =
  (code: number, headers: Record<string, string> = {}) =>
  (): Response =>
    new Response('', { status: code, headers });
const folder = (files: Readonly<Record<string, Response | string>>): Answer => {
  return (path) => {
    const file = files[path.split('/main/')[1] ?? path.slice(path.lastIndexOf('/') + 1)];
    return typeof file === 'string' ? new Response(file) : file?.clone();
  };
};
/** The content of a safetensors file without tensors. */
const NONE = '\u0002\0\0\0\0\0\0\0{}';
const offline = (): never => {
  throw new TypeError('Failed to fetch');
};

export const LOADING: readonly Mistake[] = [
  ['`from_pretrained()`', () => AutoModelForCausalLM.from_pretrained(any(undefined))],
  ['`from_pretrained(fetch(…))`, without await', () => AutoModelForCausalLM.from_pretrained(any(Promise.resolve()))],
  ["`from_pretrained('C:\\\\models\\\\mine')`", () => AutoModelForCausalLM.from_pretrained('C:\\models\\mine')],
  ["`from_pretrained('./modl')` in Node", () => AutoModelForCausalLM.from_pretrained('./modl')],
  ['`from_pretrained(file)`', () => AutoModelForCausalLM.from_pretrained(any(new Blob(['{}'])))],
  ['`from_pretrained([blob])`', () => AutoModelForCausalLM.from_pretrained(any([new Blob(['{}'])]))],
  [
    "`from_pretrained({ files: 'config.json' })`",
    () => AutoModelForCausalLM.from_pretrained(any({ files: 'config.json' })),
  ],
  ["`from_pretrained({ repo: 'a/b', branch: 'x' })`", () => loadFrom(any({ repo: 'a/b', branch: 'x' }))],
  ['a name with a space', () => loadFrom('my model')],
  ["`from_pretrained('models/mine')` for a folder, offline", () => loadFrom('models/mine', offline)],
  ['a folder on a server that is gone', () => loadFrom(new URL('https://models.example/mine/'), offline)],
  ['a repository that the hub lacks', () => loadFrom('org/nmae', status(401, { 'x-error-code': 'RepoNotFound' }))],
  ['a gated repository, without a token', () => loadFrom('org/gated', status(403, { 'x-error-code': 'GatedRepo' }))],
  ['a folder that only its owner may read', () => loadFrom(new URL('https://models.example/mine/'), status(403))],
  ['too many requests', () => loadFrom('org/name', status(429, { 'retry-after': '90' }))],
  ['a server that is down', () => loadFrom('org/name', status(503, { 'retry-after': '3600' }))],
  [
    'a page of an app in place of each file',
    () =>
      loadFrom(
        new URL('https://app.example/modl/'),
        () => new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } }),
      ),
  ],
  ["`new URL('http://models.example/mine/')`", () => loadFrom(new URL('http://models.example/mine/'))],
  ["the address of the hub's page", () => loadFrom(new URL('https://huggingface.co/org/name/tree/main'))],
  [
    "the address of a file's page on the hub",
    () => loadFrom(new URL('https://huggingface.co/org/name/blob/main/model.safetensors')),
  ],
  ['the address of one file', () => loadFrom(new URL('https://models.example/mine/model.safetensors'))],
  ['an address with a password', () => loadFrom(new URL('https://me:secret@models.example/mine/'))],
  [
    'a repository of ONNX files',
    () => loadFrom('onnx-community/name', folder({ 'config.json': json(LLAMA), 'onnx/model.onnx': 'x' })),
  ],
  ['a folder without weights', () => loadFrom('org/name', folder({ 'config.json': json(LLAMA) }))],
  ['a config.json that is cut off', () => loadFrom('org/name', folder({ 'config.json': '{ "model_type": "lla' }))],
  [
    'a config.json without model_type',
    () => loadFrom('org/name', folder({ 'config.json': '{}', 'model.safetensors': NONE })),
  ],
  [
    'a model of a type that is not supported',
    () => loadFrom('org/name', folder({ 'config.json': json({ model_type: 'mamba' }), 'model.safetensors': NONE })),
  ],
  [
    'a quantised model',
    () =>
      loadFrom(
        'org/name',
        folder({
          'config.json': json({ ...LLAMA, quantization_config: { quant_method: 'gptq' } }),
          'model.safetensors': NONE,
        }),
      ),
  ],
  [
    'weights that are cut off',
    () => loadFrom('org/name', folder({ 'config.json': json(LLAMA), 'model.safetensors': 'xx' })),
  ],
  [
    '`gguf_file` of a file that is none',
    () => loadFrom('org/name', folder({ 'a.gguf': 'not a model at all' }), { gguf_file: 'a.gguf' }),
  ],
  ['a model where an adapter is expected', () => configFrom('org/name', folder({ 'config.json': json(LLAMA) }))],
  ["`{ torch_dtype: 'float16' }`", () => loadFrom('org/name', undefined, { torch_dtype: 'float16' })],
  ["`{ device: 'cuda' }`", () => loadFrom('org/name', undefined, { device: 'cuda' })],
  ["`{ dtype: 'fp16' }`", () => loadFrom('org/name', undefined, { dtype: 'fp16' })],
  ["`{ dtype: 'int8' }`", () => loadFrom('org/name', undefined, { dtype: 'int8' })],
  ["`{ token: 'hf_…' }`", () => loadFrom('org/name', undefined, { token: 'hf_secret' })],
  ['`{ trust_remote_code: true }`', () => loadFrom('org/name', undefined, { trust_remote_code: true })],
  ['`{ cache_dir: … }`', () => loadFrom('org/name', undefined, { cache_dir: '/models' })],
  [
    'two numbers of labels',
    () => AutoModelForSequenceClassification.from_pretrained('org/name', { num_labels: 3, id2label: ['ham', 'spam'] }),
  ],
  [
    "`{ id2label: { 1: 'spam' } }`",
    () => AutoModelForSequenceClassification.from_pretrained('org/name', { id2label: { 1: 'spam' } }),
  ],
];
