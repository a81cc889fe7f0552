// Elementwise kernels one value at a time: rows of any length.
alias Word = f32;
const WIDTH = 1u;
