import type { Reference } from '../reference';

export const widen: Reference = ({ matrix, y }) => y!.set(matrix!);
