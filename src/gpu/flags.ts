// Node has none of WebGPU's flags as globals.
export const MAP_READ = 0x0001;
export const COPY_SRC = 0x0004;
export const COPY_DST = 0x0008;
export const UNIFORM = 0x0040;
export const STORAGE = 0x0080;
/** Of `mapAsync`. */
export const MAP_TO_READ = 0x0001;
/** Of shader stages. */
export const COMPUTE = 0x4;
