import type { ModuleNames, PretrainedConfig } from '../../core/types/model';
import type { Value } from '../../graph/value';
import { scaleColumns } from '../../ops/norms/scale_columns';
import type { Network, NetworkOptions } from '../architecture';
import { linearHead } from '../heads';
import * as nn from '../nn';
import { type Dinov2Config, type Dinov2Family, parseDinov2Config } from './dinov2_config';
import { embeddings, positionWeights } from './dinov2_embeddings';
import { namedVersion } from './named_versions';
import { attentionForward } from './vision_block';

const PLAIN: Dinov2Family = { model_type: 'dinov2', className: 'Dinov2', patch_size: 14, hasRegisters: false };
const WITH_REGISTERS: Dinov2Family = {
  model_type: 'dinov2_with_registers',
  className: 'Dinov2WithRegisters',
  patch_size: 16,
  hasRegisters: true,
};

/** `model_type: "dinov2"`: a ViT whose blocks scale each feature of their results, for images of any size. */
export const createDinov2 = creatorOf(PLAIN);

/** `model_type: "dinov2_with_registers"`: a DINOv2 with further tokens, the registers. */
export const createDinov2WithRegisters = creatorOf(WITH_REGISTERS);

function creatorOf(family: Dinov2Family) {
  return (json: PretrainedConfig, { moduleNames, imageSize }: NetworkOptions = {}): Network => {
    const config = parseDinov2Config(json, family, imageSize);
    const { hidden_size: C, initializer_range: std } = config;
    const version = (names: ModuleNames) => dinov2(config, names)(family.model_type);
    const head = { className: `${family.className}ForImageClassification`, C: 2 * C, name: 'classifier', bias: true };
    return {
      config: json,
      image: config.image,
      ...namedVersion({ v4: version('v4'), v5: version('v5') }, moduleNames ?? config.moduleNames),
      constants: positionWeights(config),
      hiddenSize: C,
      initialStd: std,
      heads: { image_classification: linearHead({ ...head, reads: 'image and patches', std }) },
    };
  };
}

function dinov2(config: Dinov2Config, names: ModuleNames) {
  const { className } = config.family;
  const layer = nn.blocks(config.num_hidden_layers, (index) => block(config, names, index));
  return nn.module(
    `${className}Model`,
    { embeddings: embeddings(config), encoder: nn.module(`${className}Encoder`, { layer }), layernorm: norm(config) },
    ({ embeddings, encoder, layernorm }) =>
      (pass: nn.ForwardPass) =>
        layernorm.forward(pass, encoder.layer.forward(pass, embeddings.forward(pass))),
  );
}

function norm({ hidden_size: C, layer_norm_eps }: Dinov2Config): nn.Unnamed<nn.Unary> {
  return nn.layerNorm(C, layer_norm_eps);
}

function block(config: Dinov2Config, names: ModuleNames, layer: number): nn.Unnamed<nn.Unary> {
  return nn.module(
    `${config.family.className}Layer`,
    {
      norm1: norm(config),
      attention: PARTS[names].attention(config, layer),
      layer_scale1: layerScale(config),
      drop_path: nn.identity,
      norm2: norm(config),
      mlp: PARTS[names].mlp(config),
      layer_scale2: layerScale(config),
    },
    ({ norm1, attention, layer_scale1, norm2, mlp, layer_scale2 }) =>
      (pass: nn.ForwardPass, x: Value): Value => {
        const sum = layer_scale1.forward(pass, attention.forward(pass, norm1.forward(pass, x)), x);
        return layer_scale2.forward(pass, mlp.forward(pass, norm2.forward(pass, sum)), sum);
      },
  );
}

/** Creates torch's LayerScale, whose result is the residual plus λ ⊙ x. */
function layerScale({ hidden_size: C, family }: Dinov2Config) {
  return nn.module(
    `${family.className}LayerScale`,
    { lambda1: nn.parameter({ shape: [C], kind: 'vector' }) },
    ({ lambda1 }) =>
      (pass: nn.ForwardPass, x: Value, residual: Value): Value =>
        scaleColumns(pass.g, x, { pool: lambda1.value(pass), offset: 0 }, residual),
  );
}

/** The parts of a block whose module names differ between versions of transformers. */
const PARTS = {
  v4: { attention: attentionOfV4, mlp: mlpOfV4 },
  v5: { attention: attentionOfV5, mlp: mlpOfV5 },
} as const satisfies Record<ModuleNames, unknown>;

function attentionOfV4(config: Dinov2Config, layer: number): nn.Unnamed<nn.Unary> {
  const { hidden_size: C, qkv_bias, family } = config;
  const attention = nn.module(`${family.className}SelfAttention`, {
    query: nn.linear(C, C, qkv_bias),
    key: nn.linear(C, C, qkv_bias),
    value: nn.linear(C, C, qkv_bias),
  });
  const output = nn.module(`${family.className}SelfOutput`, { dense: nn.linear(C, C), dropout: nn.dropout });
  return nn.module(`${family.className}Attention`, { attention, output }, (parts) =>
    attentionForward(config, layer, { ...parts.attention, attended: parts.output.dense }),
  );
}

function attentionOfV5(config: Dinov2Config, layer: number): nn.Unnamed<nn.Unary> {
  const { hidden_size: C, qkv_bias, family } = config;
  const children = {
    q_proj: nn.linear(C, C, qkv_bias),
    k_proj: nn.linear(C, C, qkv_bias),
    v_proj: nn.linear(C, C, qkv_bias),
    o_proj: nn.linear(C, C),
  };
  return nn.module(`${family.className}Attention`, children, ({ q_proj, k_proj, v_proj, o_proj }) =>
    attentionForward(config, layer, { query: q_proj, key: k_proj, value: v_proj, attended: o_proj }),
  );
}

function mlpOfV4({ hidden_size: C, intermediate_size: F, hidden_act, family }: Dinov2Config): nn.Unnamed<nn.Unary> {
  const children = { fc1: nn.linear(C, F), activation: nn.activation(hidden_act), fc2: nn.linear(F, C) };
  return nn.module(`${family.className}MLP`, children, ({ fc1, activation, fc2 }) => inTurn(fc1, activation, fc2));
}

function mlpOfV5({ hidden_size: C, intermediate_size: F, hidden_act, family }: Dinov2Config): nn.Unnamed<nn.Unary> {
  const children = { activation_fn: nn.activation(hidden_act), fc1: nn.linear(C, F), fc2: nn.linear(F, C) };
  return nn.module(`${family.className}MLP`, children, ({ fc1, activation_fn, fc2 }) =>
    inTurn(fc1, activation_fn, fc2),
  );
}

/** Returns the forward pass of modules, each of which reads the result of the one before it. */
function inTurn(...modules: readonly nn.Unary[]): nn.Unary['forward'] {
  return (pass, x) => modules.reduce((value, module) => module.forward(pass, value), x);
}
