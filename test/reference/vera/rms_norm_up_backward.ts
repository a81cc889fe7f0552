import { rms_norm, rms_norm_backward } from '../norms/rms_norm';
import type { Reference } from '../reference';
import { vera_up_backward } from './vera';

export const rms_norm_up_backward: Reference = (
  { x, weight, dy, sum, B, lambda, dx, du },
  { N, C, R, lambda_b, lambda_d, ...params },
) => {
  const rstd = new Float64Array(N!);
  const sizes = { N: N!, C: C! };
  rms_norm({ x: x!, weight: weight!, y: new Float64Array(N! * C!), rstd }, { ...sizes, ...params });
  rms_norm_backward({ x: x!, weight: weight!, rstd, dy: dy!, sum: sum!, dx: dx! }, { ...sizes, ...params });
  const layer = { M0: C!, M1: 0, M2: 0, lambda_b0: lambda_b!, lambda_d0: lambda_d! };
  const others = { at_dy1: 0, at_dy2: 0, lambda_b1: 0, lambda_b2: 0, lambda_d1: 0, lambda_d2: 0 };
  vera_up_backward(
    { dy: dx!, B: B!, lambda: lambda!, sum: dx!, du: du! },
    { N: N!, R: R!, has_sum: 0, ...layer, ...others },
  );
};
