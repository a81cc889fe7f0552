// Upper limits of the kernels' speeds, as fractions of a GPU's peak rate. A limit is the share of multiply-adds among the vector
// instructions of a kernel's main loops, including the code that stages operands, as AMD's compiler generates them for NAVI31. The values
// are copied from `share` in the output of `npm run bench -- --only isa --json`.

/** @type {Readonly<Record<string, Readonly<Record<string, number>>>>} the limits, by kernel and variant */
export const ISA_SHARES = {
  attention: { workgroup: 0.93 },
  attention_backward: { workgroup: 0.93, workgroup_apart: 0.92 },
  linear: { register: 0.91, wide: 0.94, workgroup: 0.94, workgroup_oblong: 0.91, workgroup_small: 0.9 },
  linear_backward: { register: 0.91, wide: 0.94, workgroup: 0.95, workgroup_oblong: 0.92, workgroup_small: 0.91 },
  linear_weight_backward: {
    register: 0.91,
    wide: 0.94,
    workgroup: 0.96,
    workgroup_oblong: 0.93,
    workgroup_small: 0.93,
  },
  vera_up_backward: { register: 0.74, wide: 0.76, workgroup: 0.92, workgroup_oblong: 0.86, workgroup_small: 0.86 },
  vera_lambda_backward: {
    register: 0.91,
    wide: 0.94,
    workgroup: 0.96,
    workgroup_oblong: 0.93,
    workgroup_least: 0.93,
  },
  vera_linear: { register: 0.87, wide: 0.89, workgroup: 0.94, workgroup_oblong: 0.9, workgroup_small: 0.9 },
  vera_linear_backward: { register: 0.91, wide: 0.94, workgroup: 0.95, workgroup_oblong: 0.92, workgroup_small: 0.91 },
  vera_merge: { register: 0.82, wide: 0.84, workgroup: 0.93, workgroup_oblong: 0.89, workgroup_small: 0.88 },
  vera_merge_backward: { register: 0.91, wide: 0.94, workgroup: 0.94, workgroup_oblong: 0.91, workgroup_least: 0.9 },
};
