import { rms_norm } from '../norms/rms_norm';
import type { Reference } from '../reference';
import { linear } from './linear';

export const rms_norm_linear: Reference = ({ x, weight, A, y, rstd, u }, { R, ...params }) => {
  rms_norm({ x: x!, weight: weight!, y: y!, rstd: rstd! }, params);
  linear({ x: y!, weight: A!, y: u! }, { ...params, M: R!, K: params.C! });
};
