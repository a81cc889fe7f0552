import { rowsAndColumns } from '../../core/numbers/shape';
import type { Value } from '../../graph/value';
import { add } from '../../ops/add';
import { linear } from '../../ops/products/linear';
import { embedding } from '../../ops/rows/embedding';
import { prependRows } from '../../ops/rows/prepend_rows';
import type { ConstantSpec } from '../architecture';
import * as nn from '../nn';
import { resizedPositions } from './bicubic';
import type { Dinov2Config } from './dinov2_config';

const WEIGHTS = 'position_weights';

/** Whether images have another number of patches than the table of positions. */
function isResized({ image, positions }: Dinov2Config): boolean {
  return image.patches !== positions;
}

/** Returns the matrix that resizes the table of positions to the number of an image's patches, if the numbers differ. */
export function positionWeights(config: Dinov2Config): readonly ConstantSpec[] {
  if (!isResized(config)) return [];
  const { image, positions, family } = config;
  const [from, to] = [Math.sqrt(positions), Math.sqrt(image.patches)];
  const compute = () => resizedPositions({ from, to, antialias: family.hasRegisters });
  return [{ name: WEIGHTS, shape: [image.patches + 1, positions + 1], compute }];
}

/**
 * Embeds pixels (B·P, channels·p·p) as (B·(R + 1 + P), C). If the table of position embeddings is resized, one matrix product computes them
 * all. transformers puts the R registers after the token for the whole image (CLS). Here they come before it. Each token's result is the
 * same, because attention doesn't depend on the order of tokens.
 */
export function embeddings(config: Dinov2Config) {
  const { hidden_size: C, positions, hasMaskToken, family } = config;
  const { channels, patch, patches: P, registers } = config.image;
  const vectors = (rows: number) => nn.parameter({ shape: [rows * C], kind: 'vector', storedShape: [1, rows, C] });
  const table = { kind: 'matrix', storedShape: [1, positions + 1, C] } as const;
  return nn.module(
    `${family.className}Embeddings`,
    {
      cls_token: vectors(1),
      // Only pre-training reads this tensor.
      mask_token: hasMaskToken
        ? nn.parameter({ shape: [C], kind: 'vector', storedShape: [1, C], initialStd: 0 })
        : undefined,
      position_embeddings: nn.parameter(
        isResized(config)
          ? { ...table, shape: [C, positions + 1], transposed: true }
          : { ...table, shape: [positions + 1, C] },
      ),
      register_tokens: registers === undefined ? undefined : vectors(registers),
      patch_embeddings: nn.module(`${family.className}PatchEmbeddings`, {
        projection: nn.patchConv2d(channels, C, patch),
      }),
      dropout: nn.dropout,
    },
    ({ cls_token, position_embeddings, register_tokens, patch_embeddings: { projection } }) =>
      (pass: nn.ForwardPass): Value => {
        const { g, inputs } = pass;
        const pixels = projection.forward(pass, inputs.value('pixel_values'));
        const B = rowsAndColumns(pixels.shape).rows / P;
        const tokens = prependRows(g, pixels, cls_token.value(pass), B);
        const [ids, rows] = [inputs.value('position_ids'), position_embeddings.value(pass)];
        const placed = isResized(config)
          ? linear(g, embedding(g, ids, inputs.constant(WEIGHTS)), rows, undefined, { residual: tokens })
          : add(g, tokens, embedding(g, ids, rows));
        return register_tokens === undefined ? placed : prependRows(g, placed, register_tokens.value(pass), B);
      },
  );
}
