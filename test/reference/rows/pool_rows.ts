import type { Reference } from '../reference';

export const pool_rows: Reference = ({ x, weights, y }, { B, T, C, K, k }) => {
  for (let b = 0; b < B!; b++) {
    for (let c = 0; c < C!; c++) {
      let total = 0;
      for (let t = 0; t < T!; t++) total += weights![(k! * B! + b) * T! + t]! * x![(b * T! + t) * C! + c]!;
      y![(b * K! + k!) * C! + c] = total;
    }
  }
};

export const pool_rows_backward: Reference = ({ dy, weights, sum, dx }, { B, T, C, K, k, has_sum }) => {
  for (let n = 0; n < B! * T!; n++) {
    const b = Math.floor(n / T!);
    for (let c = 0; c < C!; c++) {
      const own = weights![k! * B! * T! + n]! * dy![(b * K! + k!) * C! + c]!;
      dx![n * C! + c] = own + (has_sum ? sum![n * C! + c]! : 0);
    }
  }
};

export const max_rows: Reference = ({ x, weights, y, at }, { B, T, C, K, k }) => {
  for (let b = 0; b < B!; b++) {
    const counted = Array.from({ length: T! }, (_, t) => t).filter((t) => weights![(k! * B! + b) * T! + t] !== 0);
    for (let c = 0; c < C!; c++) {
      const values = counted.map((t) => x![(b * T! + t) * C! + c]!);
      const largest = values.length === 0 ? 0 : Math.max(...values);
      y![(b * K! + k!) * C! + c] = largest;
      at![b * C! + c] = counted[values.indexOf(largest)] ?? 0;
    }
  }
};

export const max_rows_backward: Reference = ({ dy, at, sum, dx }, { B, T, C, K, k, has_sum }) => {
  for (let i = 0; i < B! * T! * C!; i++) dx![i] = has_sum ? sum![i]! : 0;
  for (let b = 0; b < B!; b++) {
    for (let c = 0; c < C!; c++) dx![(b * T! + at![b * C! + c]!) * C! + c]! += dy![(b * K! + k!) * C! + c]!;
  }
};
