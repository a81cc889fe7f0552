import type { Reference } from '../reference';

export const ia3_merge: Reference = ({ pool, into }, { M, K, vector_at, by_columns }) => {
  for (let at = 0; at < M! * K!; at++) {
    into![at]! *= pool![vector_at! + (by_columns ? at % K! : Math.floor(at / K!))]!;
  }
};
