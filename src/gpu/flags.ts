// Node doesn't define WebGPU's flags as globals.
export const MAP_READ = 0x0001;
export const COPY_SRC = 0x0004;
export const COPY_DST = 0x0008;
export const UNIFORM = 0x0040;
export const STORAGE = 0x0080;
/** For `mapAsync`. */
export const MAP_TO_READ = 0x0001;
/** For `visibility` in a bind group layout: the compute stage. */
export const COMPUTE = 0x4;
