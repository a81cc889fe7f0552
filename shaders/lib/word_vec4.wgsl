// Elementwise kernels four values at a time: rows are multiples of 4.
alias Word = vec4f;
const WIDTH = 4u;
